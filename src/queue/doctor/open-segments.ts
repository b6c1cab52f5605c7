import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { writeBuffers } from '../leveldb.ts'
import { type Row, Segment } from '../segments/segment.ts'
import { listSegments, nameOf } from '../segments/segment-files.ts'
import type { StateRecords } from '../segments/state-records.ts'
import type { Aside } from './aside.ts'
import { openContent } from './open-content.ts'
import type { Doubts } from './treat-store.ts'

export interface OpenedSegments {
  /** Oldest first. */
  readonly segments: readonly Segment[]
  /** Of the newest that has them. */
  readonly state: StateRecords | undefined
  /** The worst of them. */
  readonly outcome: 'sound' | 'repaired' | 'set_aside'
  /** What was wrong. */
  readonly reasons: readonly string[]
}

/**
 * Opens the segments of a row, whatever state they are in. Those that were closed stay closed until they are read: a start
 * takes no longer for a long backlog.
 */
export async function openSegments(row: Row, aside: Aside, doubts: Doubts): Promise<OpenedSegments> {
  const segments: Segment[] = []
  const reasons: string[] = []
  let state: StateRecords | undefined
  let outcome: OpenedSegments['outcome'] = 'sound'
  try {
    for (const name of await listSegments(row.path)) {
      if (name.span !== undefined) {
        segments.push(Segment.closed(row, name.ordinal, name.span))
        continue
      }
      const directory = join(row.path, nameOf(name))
      if (await isBlank(directory)) {
        await rm(directory, { recursive: true })
        continue
      }
      const { treated, content } = await openContent(directory, { ...doubts, level: row.level, aside, writeBuffer: writeBuffers.segment })
      for (const reason of treated.reasons) reasons.push(`segment ${name.ordinal}: ${reason}`)
      if (treated.outcome === 'set_aside' || (treated.outcome === 'repaired' && outcome === 'sound')) outcome = treated.outcome
      const bytes = await bytesIn(directory)
      const segment = Segment.opened(row, name.ordinal, { db: treated.db, span: content.span, bytes })
      if (content.state.complete || state?.complete !== true) state = content.state
      if (content.span === undefined && content.state.empty)
        await segment.remove() // nothing is left of it
      else segments.push(segment)
    }
  } catch (error) {
    for (const segment of segments) await segment.close()
    throw error
  }
  return { segments, state, outcome, reasons }
}

/** Nothing was ever written to it: it was made ahead, perhaps not even finished. */
export async function isBlank(directory: string): Promise<boolean> {
  for (const name of await readdir(directory)) {
    if (/\.(ldb|sst)$/.test(name)) return false
    if (name.endsWith('.log') && (await stat(join(directory, name))).size > 0) return false
  }
  return true
}

/** LevelDB, which has it open, may delete files meanwhile. */
async function bytesIn(directory: string): Promise<number> {
  const sizeOf = (name: string) =>
    stat(join(directory, name)).then(
      ({ size }) => size,
      () => 0,
    )
  const sizes = await Promise.all((await readdir(directory)).map(sizeOf))
  return sizes.reduce((sum, size) => sum + size, 0)
}
