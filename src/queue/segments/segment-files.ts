import { mkdir, open, readdir, rename, rm, rmdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Seq } from '../../core/batch.ts'

/** The directory of segments below the queue's own. */
export const rowName = 'segments'

/** First numbers of the first and the last batch of a segment. */
export interface BatchSpan {
  readonly first: Seq
  readonly last: Seq
}

/** What a directory's name says: a segment that may be written or read has its ordinal alone, a closed one its batches as well. */
export interface SegmentName {
  readonly ordinal: number
  readonly span?: BatchSpan
}

const segmentName = /^(\d{6,})(?:-(\d+)-(\d+))?$/
const gonePrefix = 'gone-'

export function nameOf({ ordinal, span }: SegmentName): string {
  const number = String(ordinal).padStart(6, '0')
  return span === undefined ? number : `${number}-${span.first}-${span.last}`
}

/** The segments of a row, oldest first; none where there is no row. */
export async function listSegments(row: string): Promise<SegmentName[]> {
  const found: SegmentName[] = []
  for (const name of await namesIn(row)) {
    const [, ordinal, first, last] = segmentName.exec(name) ?? []
    if (ordinal === undefined) continue
    found.push({ ordinal: Number(ordinal), ...(first === undefined ? {} : { span: { first: Number(first), last: Number(last) } }) })
  }
  return found.sort((a, b) => a.ordinal - b.ordinal)
}

/** Removes what a kill left half removed. */
export async function sweepRow(row: string): Promise<void> {
  for (const name of await namesIn(row)) if (name.startsWith(gonePrefix)) await rm(join(row, name), { recursive: true, force: true })
}

async function namesIn(row: string): Promise<string[]> {
  return await readdir(row).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  })
}

/** Removes a segment's directory: first its name, so that what a kill leaves of it is not taken for damage. */
export async function removeSegment(row: string, name: SegmentName): Promise<void> {
  const gone = join(row, `${gonePrefix}${nameOf(name)}`)
  await rename(join(row, nameOf(name)), gone)
  for (const file of await readdir(gone)) await unlink(join(gone, file))
  await rmdir(gone)
}

/** Makes the directory of a row, and has it survive a loss of power. */
export async function makeRow(directory: string, row: string): Promise<void> {
  try {
    await mkdir(row, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return
  }
  await syncDirectory(directory)
}

/** The names in a directory survive a loss of power. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

/** Fsyncs every log of a store, the one before a switch included: a `sync` write covers only the newest. */
export async function syncLogs(directory: string): Promise<void> {
  for (const name of await readdir(directory)) if (name.endsWith('.log')) await syncFile(join(directory, name))
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r').catch((error: unknown) => {
    // Gone between listing and opening: its batches lie in a table, which LevelDB has synced.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  })
  try {
    await file?.datasync()
  } finally {
    await file?.close()
  }
}
