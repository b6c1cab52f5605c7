import { type Message, messagesOf } from '../../batch/messages.ts'
import type { Seq, StoredBatch } from '../../core/batch.ts'
import { type HeldLetters, type Rejected, sourceLetters } from '../../core/dead-letter.ts'
import type { RelayError } from '../../core/errors.ts'
import { deadLetterKey, deadLetterStatsKey } from '../keys.ts'
import type { LevelDb, Op } from '../leveldb.ts'
import { decodeRecord, encodeRecord } from '../records.ts'
import { encodeLetter, type NewLetter, refusedAgain } from './letter-codec.ts'
import { firstSeq, type Page, type StoredLetter, storedPage } from './stored-letters.ts'

interface Stats {
  readonly count: number
  readonly bytes: number
  /** Nothing is held below. */
  readonly oldest: Seq
  /** Deleted to make room, in the life of the queue. */
  readonly evicted: number
  /** Were sent again and taken, of what the cursor that began at `base` counts as rejected. */
  readonly redelivered?: number
  readonly base?: Seq
  /** Of the source's letters: no number from here on was given. */
  readonly next?: Seq
}

/** So much is kept of a sink's letters. */
export interface LetterLimits {
  readonly count: number
  readonly bytes: number
}

const defaultLetterLimits: LetterLimits = { count: 10_000, bytes: 64 * 2 ** 20 }
/** Eviction makes room for this part of the limit, so that it does not run for each letter. */
const evictTo = 0.9

/** The books of a sink's cursor, between which its letters count. */
export interface CursorBooks {
  readonly seq: Seq
  readonly base: Seq
}

export interface LoadOptions {
  readonly sink: string
  /** Letters numbered so and above come from before a kill, and what they stand for comes again: they are taken back. */
  readonly end: Seq
  readonly limits?: LetterLimits
  /** The store was damaged: what is there is counted anew. */
  readonly recount?: boolean
}

/** The dead letters of one sink: bounded, the oldest make room. Every change is operations to be written in order. */
export class SinkLetters {
  readonly sink: string
  readonly #limits: LetterLimits
  #stats: Stats
  /** Lowest of those put since the last eviction: messages are refused in any order, and what is not on disk yet the next one does not meet. */
  #lowestPut = Number.POSITIVE_INFINITY
  /** Were deleted in this life before anybody took them: a replay may be sending them. */
  #untaken = 0
  /** Of what was deleted since the last compaction. */
  #deleted: { bytes: number; through: Seq } = { bytes: 0, through: 0 }

  private constructor(sink: string, stats: Stats, limits: LetterLimits) {
    this.sink = sink
    this.#stats = stats
    this.#limits = limits
  }

  /** Opens them; `ops` take back what is to be taken back, to be written with the next cursor. */
  static async load(db: LevelDb, { sink, end, limits = defaultLetterLimits, recount = false }: LoadOptions) {
    const stored = decodeRecord<Stats>(await db.get(deadLetterStatsKey(sink), { fillCache: false }))
    const letters = new SinkLetters(sink, stored ?? { count: 0, bytes: 0, oldest: 0, evicted: 0 }, limits)
    if (recount || stored === undefined) await letters.#recount(db)
    await letters.#findOldest(db)
    const ops: Op[] = []
    for (let at: Seq | undefined = end; at !== undefined && Number.isFinite(at); ) {
      const { letters: found, next }: Page<StoredLetter> = await storedPage(db, sink, [at, Number.POSITIVE_INFINITY])
      for (const letter of found) ops.push(letters.#remove(letter))
      at = next
    }
    if (ops.length > 0) ops.push(letters.statsOp())
    return { letters, ops }
  }

  get held(): HeldLetters {
    const { count, bytes, evicted } = this.#stats
    return { sink: this.sink, messages: count, bytes, evicted }
  }

  /** No letter has a lower number. */
  get oldest(): Seq {
    return this.#stats.oldest
  }

  /** Over its bounds: `evict` is due. */
  get full(): boolean {
    return this.#stats.count > this.#limits.count || this.#stats.bytes > this.#limits.bytes
  }

  /** What the ledger has to move from rejected to delivered. */
  redelivered({ base }: CursorBooks): number {
    return this.#stats.base === base ? (this.#stats.redelivered ?? 0) : 0
  }

  /** What to write for messages rejected just now; the batch must hold them. */
  reject(batch: StoredBatch, rejected: readonly Rejected[], rejectedAtMs = Date.now()): Op[] {
    const ops: Op[] = []
    const why = rejected.toSorted((a, b) => a.seqs[0] - b.seqs[0])
    for (const { seq, message } of numbered(batch)) {
      while (why[0] !== undefined && why[0].seqs[1] < seq) why.shift()
      const [first] = why
      if (first === undefined) break
      if (first.seqs[0] > seq) continue
      const { code, message: reason } = first.error
      ops.push(this.#put({ seq, sink: this.sink, queueId: batch.queueId, code, reason, rejectedAtMs, message }))
    }
    return ops.length > 0 ? [...ops, this.statsOp()] : ops
  }

  /** Numbers below this one were given. Only of the source's letters. */
  get next(): Seq {
    return this.#stats.next ?? 0
  }

  /** What to write for something that the source could not read; it gets the next number. */
  add(letter: Omit<NewLetter, 'seq' | 'sink'>): Op[] {
    const seq = this.next
    this.#stats = { ...this.#stats, next: seq + 1 }
    return [this.#put({ ...letter, seq, sink: this.sink }), this.statsOp()]
  }

  /** Numbers below this one are not given. */
  skipTo(next: Seq): void {
    this.#stats = { ...this.#stats, next: Math.max(this.next, next) }
  }

  /** The oldest letters beyond the bounds; changes nothing, so it may be looked for again after a failure. */
  async findSurplus(db: LevelDb): Promise<StoredLetter[]> {
    let { count, bytes } = this.#stats
    const { letters } = await storedPage(db, this.sink, [this.#stats.oldest, Number.POSITIVE_INFINITY])
    const kept = letters.findIndex(({ value }) => {
      if (count <= this.#limits.count * evictTo && bytes <= this.#limits.bytes * evictTo) return true
      count--
      bytes -= value.length
      return false
    })
    return kept === -1 ? [...letters] : letters.slice(0, kept)
  }

  /** What to write to delete these, which are the oldest. */
  evict(surplus: readonly StoredLetter[]): Op[] {
    const ops = surplus.map((letter) => this.#remove(letter))
    const newest = surplus.at(-1)
    const oldest = newest === undefined ? this.#stats.oldest : Math.min(newest.seq + 1, this.#lowestPut)
    this.#lowestPut = Number.POSITIVE_INFINITY
    this.#untaken += surplus.length
    this.#stats = { ...this.#stats, oldest, evicted: this.#stats.evicted + surplus.length }
    return [...ops, this.statsOp()]
  }

  /** What to write to delete these. */
  drop(found: readonly StoredLetter[]): Op[] {
    this.#untaken += found.length
    return this.#settle(found)
  }

  /** What to write when so many of the cursor's books were sent again and taken; these of them are there. */
  deliver(found: readonly StoredLetter[], cursor: CursorBooks, taken: number): Op[] {
    const counted = found.filter(({ seq }) => seq >= cursor.base && seq < cursor.seq).length
    // The others were deleted while they were being sent, and arrived all the same.
    const late = Math.min(taken - counted, this.#untaken)
    this.#untaken -= late
    if (found.length + late === 0) return []
    this.#stats = { ...this.#stats, base: cursor.base, redelivered: this.redelivered(cursor) + counted + late }
    return found.length > 0 ? this.#settle(found) : [this.statsOp()]
  }

  /** What to write for letters that were refused once more; damaged ones stay as they are. */
  refuse(found: readonly StoredLetter[], why: (seq: Seq) => RelayError | undefined, nowMs = Date.now()): Op[] {
    const ops: Op[] = []
    for (const { seq, value } of found) {
      const error = why(seq)
      const again = error && refusedAgain(value, error, nowMs)
      if (again === undefined) continue
      this.#stats = { ...this.#stats, bytes: this.#stats.bytes + again.length - value.length }
      ops.push({ type: 'put', key: deadLetterKey(this.sink, seq), value: again })
    }
    return ops.length > 0 ? [...ops, this.statsOp()] : ops
  }

  /** Keys between which enough was deleted for a compaction, which alone gives the disk back. */
  uncompacted(): [Buffer, Buffer] | undefined {
    const { bytes, through } = this.#deleted
    if (bytes < this.#limits.bytes / 2) return undefined
    this.#deleted = { bytes: 0, through: 0 }
    return [deadLetterKey(this.sink, 0), deadLetterKey(this.sink, through + 1)]
  }

  statsOp(): Op {
    return { type: 'put', key: deadLetterStatsKey(this.sink), value: encodeRecord(this.#stats) }
  }

  #put(letter: NewLetter): Op {
    const value = encodeLetter(letter)
    const { count, bytes, oldest } = this.#stats
    this.#lowestPut = Math.min(this.#lowestPut, letter.seq)
    this.#stats = { ...this.#stats, count: count + 1, bytes: bytes + value.length, oldest: Math.min(oldest, letter.seq) }
    return { type: 'put', key: deadLetterKey(this.sink, letter.seq), value }
  }

  #settle(found: readonly StoredLetter[]): Op[] {
    const ops = found.map((letter) => this.#remove(letter))
    if (this.#stats.count === 0) this.#stats = { ...this.#stats, oldest: this.#deleted.through + 1 }
    return [...ops, this.statsOp()]
  }

  #remove({ seq, value }: StoredLetter): Op {
    const { count, bytes } = this.#stats
    this.#stats = { ...this.#stats, count: Math.max(0, count - 1), bytes: Math.max(0, bytes - value.length) }
    this.#deleted = { bytes: this.#deleted.bytes + value.length, through: Math.max(this.#deleted.through, seq) }
    return { type: 'del', key: deadLetterKey(this.sink, seq) }
  }

  /** Looks below what is noted: older versions noted too high a number, and what was below it was hidden and counted for ever. */
  async #findOldest(db: LevelDb): Promise<void> {
    const oldest = await firstSeq(db, this.sink)
    if (oldest !== undefined) this.#stats = { ...this.#stats, oldest }
  }

  async #recount(db: LevelDb): Promise<void> {
    let [count, bytes, last] = [0, 0, -1]
    for (let at: Seq | undefined = 0; at !== undefined; ) {
      const { letters, next }: Page<StoredLetter> = await storedPage(db, this.sink, [at, Number.POSITIVE_INFINITY])
      for (const { seq, value } of letters) [count, bytes, last] = [count + 1, bytes + value.length, seq]
      at = next
    }
    this.#stats = { ...this.#stats, count, bytes, oldest: 0, ...(this.sink === sourceLetters && { next: Math.max(this.next, last + 1) }) }
  }
}

function* numbered(batch: StoredBatch): Generator<{ seq: Seq; message: Message }> {
  const messages = messagesOf(batch)
  for (const [first, last] of batch.seqs) {
    for (let seq = first; seq <= last; seq++) {
      const { value: message, done } = messages.next()
      if (done) return
      yield { seq, message }
    }
  }
}
