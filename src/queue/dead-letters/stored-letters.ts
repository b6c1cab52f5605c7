import type { Seq, SeqRange } from '../../core/batch.ts'
import type { DeadLetter } from '../../core/dead-letter.ts'
import { deadLetterKey, deadLettersEnd, firstDeadLetter, lettersEnd, seqOfKey, sinkOfLetterKey } from '../keys.ts'
import type { LevelDb } from '../leveldb.ts'
import { decodeLetter } from './letter-codec.ts'

/** Letters looked at, or deleted, at once. */
const page = { letters: 256, bytes: 2 ** 20 }

export interface StoredLetter {
  readonly seq: Seq
  readonly value: Buffer
}

/** Letters of a sink, and where to go on: undefined at the end. */
export interface Page<T> {
  readonly letters: readonly T[]
  readonly next?: Seq
}

/** A page of a sink's letters numbered `from` and above, up to `through`. */
export async function storedPage(db: LevelDb, sink: string, [from, through]: SeqRange): Promise<Page<StoredLetter>> {
  const letters: StoredLetter[] = []
  if (from > through) return { letters }
  let bytes = 0
  for await (const [key, value] of db.iterator({ gte: deadLetterKey(sink, from), lt: deadLettersEnd(sink), fillCache: false })) {
    const seq = seqOfKey(key)
    if (seq > through) break
    letters.push({ seq, value })
    bytes += value.length
    if (letters.length >= page.letters || bytes >= page.bytes) return { letters, next: seq + 1 }
  }
  return { letters }
}

/** The lowest number of a sink's letters. */
export async function firstSeq(db: LevelDb, sink: string): Promise<Seq | undefined> {
  const range = { gte: deadLetterKey(sink, 0), lt: deadLettersEnd(sink) }
  for await (const [key] of db.iterator({ ...range, limit: 1, fillCache: false })) return seqOfKey(key)
  return undefined
}

/** A page to be looked at: damaged ones are left out. */
export async function letterPage(db: LevelDb, sink: string, range: SeqRange, queueId: string): Promise<Page<DeadLetter>> {
  const { letters, ...rest } = await storedPage(db, sink, range)
  return { ...rest, letters: letters.map(({ value }) => decodeLetter(value, queueId)).filter((letter) => letter !== undefined) }
}

/** The sinks that a store holds letters for: one look for each. */
export async function sinksWithLetters(db: LevelDb): Promise<string[]> {
  const sinks: string[] = []
  let gte: Buffer = firstDeadLetter
  for (;;) {
    let found: string | undefined
    for await (const [key] of db.iterator({ gte, lt: lettersEnd, limit: 1, fillCache: false })) found = sinkOfLetterKey(key)
    if (found === undefined) return sinks
    sinks.push(found)
    gte = deadLettersEnd(found)
  }
}
