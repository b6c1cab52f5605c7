import { messagesFrom, messagesOf } from '../batch/messages.ts'
import type { Seq, SeqRange, StoredBatch } from '../core/batch.ts'
import type { RelayError } from '../core/errors.ts'
import { deadLetterKey, deadLetterStatsKey, deadLettersEnd, seqOfKey } from './keys.ts'
import type { LevelDb, Op } from './leveldb.ts'
import { decodeRecord, encodeRecord } from './records.ts'

/** A message that a sink refused for good. */
export interface DeadLetter {
  readonly seq: Seq
  readonly sink: string
  /** Why: the code and message of the sink's error. */
  readonly code: string
  readonly reason: string
  readonly rejectedAtMs: number
  readonly receivedAtMs: number
  readonly peer: string
  readonly transport: string
  readonly flags: number
  readonly bytes: Buffer
}

interface Stats {
  readonly count: number
  readonly bytes: number
  /** Nothing is held below. */
  readonly oldest: Seq
  /** Deleted to make room, in the life of the queue. */
  readonly evicted: number
}

interface StoredLetter {
  readonly key: Buffer
  readonly bytes: number
}

export const deadLetterLimits = { count: 10_000, bytes: 64 * 2 ** 20 }
/** Eviction makes room for this part of the limit, so that it does not run for each letter. */
const evictTo = 0.9
/** Letters of a running queue read at once. */
const pageLetters = 64

/** The dead letters of one sink: bounded, the oldest make room. */
export class DeadLetters {
  readonly #sink: string
  readonly #limits: typeof deadLetterLimits
  #stats: Stats
  #evictedBytes = 0

  private constructor(sink: string, stats: Stats, limits: typeof deadLetterLimits) {
    this.#sink = sink
    this.#stats = stats
    this.#limits = limits
  }

  /**
   * Opens them. Letters at or above the cursor were written before a kill and their messages are sent again: they are
   * taken back by `ops`, to be written with the next cursor.
   */
  static async load(db: LevelDb, sink: string, cursor: Seq, limits = deadLetterLimits): Promise<{ letters: DeadLetters; ops: Op[] }> {
    const stored = decodeRecord<Stats>(await db.get(deadLetterStatsKey(sink), { fillCache: false }))
    const letters = new DeadLetters(sink, stored ?? { count: 0, bytes: 0, oldest: 0, evicted: 0 }, limits)
    const ops: Op[] = []
    for await (const [key, value] of db.iterator({ gte: deadLetterKey(sink, cursor), lt: deadLettersEnd(sink), fillCache: false })) {
      ops.push(letters.#remove({ key, bytes: value.length }))
    }
    if (ops.length > 0) ops.push(letters.#statsOp())
    return { letters, ops }
  }

  get count(): number {
    return this.#stats.count
  }

  get evicted(): number {
    return this.#stats.evicted
  }

  /** Over its bounds: `evict` is due. */
  get full(): boolean {
    return this.#stats.count > this.#limits.count || this.#stats.bytes > this.#limits.bytes
  }

  /** What to write for messages rejected just now; the batch must hold them. */
  add(batch: StoredBatch, seqs: readonly SeqRange[], error: RelayError): Op[] {
    const ops: Op[] = []
    for (const [from, through] of seqs) {
      const slice = messagesFrom(batch, from)
      if (slice === undefined) continue
      let seq = from
      for (const message of messagesOf(slice)) {
        if (seq > through) break
        const value = encodeLetter({ sink: this.#sink, seq, error, message, nowMs: Date.now() })
        ops.push({ type: 'put', key: deadLetterKey(this.#sink, seq++), value })
        this.#stats = { ...this.#stats, count: this.#stats.count + 1, bytes: this.#stats.bytes + value.length }
      }
    }
    if (ops.length > 0) ops.push(this.#statsOp())
    return ops
  }

  /** Finds the oldest letters beyond the bounds; changes nothing, so it may be done again after a failure. */
  async findSurplus(db: LevelDb): Promise<StoredLetter[]> {
    const found: StoredLetter[] = []
    let { count, bytes } = this.#stats
    const range = { gte: deadLetterKey(this.#sink, this.#stats.oldest), lt: deadLettersEnd(this.#sink), fillCache: false }
    for await (const [key, value] of db.iterator(range)) {
      if (count <= this.#limits.count * evictTo && bytes <= this.#limits.bytes * evictTo) break
      found.push({ key, bytes: value.length })
      count--
      bytes -= value.length
    }
    return found
  }

  /** What to write to delete these. */
  evict(surplus: readonly StoredLetter[]): Op[] {
    const ops = surplus.map((letter) => this.#remove(letter))
    const newest = surplus.at(-1)
    const oldest = newest === undefined ? this.#stats.oldest : seqOfKey(newest.key) + 1
    this.#stats = { ...this.#stats, oldest, evicted: this.#stats.evicted + surplus.length }
    for (const { bytes } of surplus) this.#evictedBytes += bytes
    return [...ops, this.#statsOp()]
  }

  /** Keys between which enough was evicted for a compaction, which alone gives the disk back. */
  uncompacted(): [Buffer, Buffer] | undefined {
    if (this.#evictedBytes < this.#limits.bytes / 2) return undefined
    this.#evictedBytes = 0
    return [deadLetterKey(this.#sink, 0), deadLetterKey(this.#sink, this.#stats.oldest)]
  }

  #remove({ key, bytes }: StoredLetter): Op {
    this.#stats = { ...this.#stats, count: Math.max(0, this.#stats.count - 1), bytes: Math.max(0, this.#stats.bytes - bytes) }
    return { type: 'del', key }
  }

  #statsOp(): Op {
    return { type: 'put', key: deadLetterStatsKey(this.#sink), value: encodeRecord(this.#stats) }
  }
}

/** Dead letters of a sink from `fromSeq` on, oldest first; damaged ones are left out. */
export async function* readDeadLetters(db: LevelDb, sink: string, fromSeq: Seq): AsyncGenerator<DeadLetter> {
  for await (const [, value] of db.iterator({ gte: deadLetterKey(sink, fromSeq), lt: deadLettersEnd(sink), fillCache: false })) {
    const letter = decodeRecord<Omit<DeadLetter, 'bytes'> & { bytes: string }>(value)
    if (letter !== undefined) yield { ...letter, bytes: Buffer.from(letter.bytes, 'base64') }
  }
}

/** Some dead letters from `fromSeq` on: a running store may be closed for a repair between two pages. */
export async function deadLetterPage(db: LevelDb, sink: string, fromSeq: Seq): Promise<DeadLetter[]> {
  const page: DeadLetter[] = []
  for await (const letter of readDeadLetters(db, sink, fromSeq)) if (page.push(letter) === pageLetters) break
  return page
}

/** How many dead letters a store holds for a sink. */
export async function countDeadLetters(db: LevelDb, sink: string): Promise<number> {
  return decodeRecord<Stats>(await db.get(deadLetterStatsKey(sink), { fillCache: false }))?.count ?? 0
}

interface NewLetter {
  readonly sink: string
  readonly seq: Seq
  readonly error: RelayError
  readonly message: { bytes: Buffer; flags: number; origin: { peer: string; transport: string }; receivedAtMs: number }
  readonly nowMs: number
}

function encodeLetter({ sink, seq, error, message, nowMs }: NewLetter): Buffer {
  const { flags, origin, receivedAtMs } = message
  const { peer, transport } = origin
  const about = { seq, sink, code: error.code, reason: error.message, rejectedAtMs: nowMs, receivedAtMs, peer, transport, flags }
  return encodeRecord({ ...about, bytes: message.bytes.toString('base64') })
}
