import { join } from 'node:path'
import { makeDirectory } from '../../native/make-directory.ts'
import { type LevelTools, levelTools, openFailure, probeLock, type Store, writeBuffers } from '../leveldb.ts'
import { makeRow, rowName, sweepRow } from '../segments/segment-files.ts'
import { SegmentedStore } from '../segments/segmented-store.ts'
import { Aside } from './aside.ts'
import { openContent } from './open-content.ts'
import { openSegments } from './open-segments.ts'
import type { Doubts, Treated } from './treat-store.ts'

export interface OpenedStore {
  readonly db: Store
  /** `repaired`: every checksum and gap wants to be looked at. `set_aside`: a part of it is new, the files from before lie at `aside`. */
  readonly outcome: Treated['outcome']
  /** What was wrong. */
  readonly reasons: readonly string[]
  /** Where the files from before the repair lie. */
  readonly aside?: string
}

export interface OpenOptions extends Doubts {
  readonly level?: LevelTools
}

/**
 * Opens the store of a queue, whatever state its files are in. Rejects with a RelayError only for what no repair mends:
 * another process holds it (QUEUE_IN_USE), no room (DISK_FULL), no permission (QUEUE_FAILED).
 */
export async function openStore(directory: string, segmentBytes: number, options: OpenOptions = {}): Promise<OpenedStore> {
  try {
    await makeDirectory(directory, 0o700)
    await probeLock(directory)
    return await openParts(directory, segmentBytes, options)
  } catch (error) {
    throw openFailure(directory, error) ?? error
  }
}

async function openParts(directory: string, segmentBytes: number, options: OpenOptions): Promise<OpenedStore> {
  const { level = levelTools, ...doubts } = options
  const aside = new Aside(directory)
  const row = { path: join(directory, rowName), level }
  const treatment = { ...doubts, level, aside, writeBuffer: writeBuffers.base, but: rowName }
  const { treated: base, content } = await openContent(directory, treatment)
  try {
    await makeRow(directory, row.path)
    await sweepRow(row.path)
    const { segments, state, reasons, ...rest } = await openSegments(row, aside, doubts)
    const newest = segments.at(-1)
    const db = new SegmentedStore({
      base: base.db,
      baseSpan: content.span,
      row,
      segments,
      active: newest?.isOpen === true && newest.bytes < segmentBytes / 2 ? newest : undefined,
      state: state?.empty === false ? state : content.state,
      segmentBytes,
    })
    const outcome = worst(base.outcome === 'new' && segments.length > 0 ? 'repaired' : base.outcome, rest.outcome)
    return { db, outcome, reasons: [...base.reasons, ...reasons], ...(aside.path === undefined ? {} : { aside: aside.path }) }
  } catch (error) {
    await base.db.close()
    throw error
  }
}

const outcomes = ['new', 'sound', 'repaired', 'set_aside'] as const

function worst(base: Treated['outcome'], segments: Treated['outcome']): Treated['outcome'] {
  if (segments === 'sound') return base
  return outcomes.indexOf(base) > outcomes.indexOf(segments) ? base : segments
}
