import type { Seq } from '../../core/batch.ts'
import { sourceLetters } from '../../core/dead-letter.ts'
import type { OpenedStore } from '../doctor/open-store.ts'
import { sourceLettersKey } from '../keys.ts'
import type { Op } from '../leveldb.ts'
import { decodeRecord } from '../records.ts'
import type { SinkCursor } from '../sink-cursor.ts'
import { type LetterLimits, SinkLetters } from './sink-letters.ts'
import { sinksWithLetters } from './stored-letters.ts'

export interface LoadedLetters {
  readonly letters: ReadonlyMap<string, SinkLetters>
  /** To be written with the records of the queue. */
  readonly ops: Op[]
  /** First number of those that the source has to find again: their checkpoint was not written. */
  readonly sourceEnd: Seq
}

/** Opens the dead letters of all sinks that have a cursor, or letters, and those of the source; tells the cursors what was delivered again. */
export async function loadLetters(
  { db, outcome }: Pick<OpenedStore, 'db' | 'outcome'>,
  cursors: readonly SinkCursor[],
  limits: Readonly<Record<string, LetterLimits>> = {},
): Promise<LoadedLetters> {
  const damaged = outcome === 'repaired' || outcome === 'set_aside'
  const known = decodeRecord<{ next: Seq }>(await db.get(sourceLettersKey, { fillCache: false }))
  const sourceEnd = known?.next ?? (damaged ? Number.POSITIVE_INFINITY : 0)
  const letters = new Map<string, SinkLetters>()
  const ops: Op[] = []
  const names = new Set([...cursors.map(({ sink }) => sink), ...(await sinksWithLetters(db)), sourceLetters])
  for (const sink of names) {
    const cursor = cursors.find((one) => one.sink === sink)
    const end = cursor?.seq ?? (sink === sourceLetters ? sourceEnd : Number.POSITIVE_INFINITY)
    const ofSink = Object.hasOwn(limits, sink) ? limits[sink] : undefined
    const loaded = await SinkLetters.load(db, { sink, end, recount: damaged, ...(ofSink && { limits: ofSink }) })
    letters.set(sink, loaded.letters)
    for (const op of loaded.ops) ops.push(op)
    if (cursor !== undefined) cursor.redelivered = loaded.letters.redelivered(cursor)
    else if (known !== undefined && sink === sourceLetters) loaded.letters.skipTo(known.next)
  }
  return { letters, ops, sourceEnd }
}
