import { countSeqs } from '../../batch/ranges.ts'
import type { Seq, SeqRange, StoredBatch } from '../../core/batch.ts'
import {
  type DeadLetter,
  type DeadLetters,
  type HeldLetters,
  type Rejected,
  type SourceLetter,
  sourceLetters,
} from '../../core/dead-letter.ts'
import type { Logger } from '../../core/logger.ts'
import { untilAbort } from '../../retry/until-abort.ts'
import { sourceLettersKey } from '../keys.ts'
import type { Op } from '../leveldb.ts'
import { encodeRecord } from '../records.ts'
import type { SinkCursor } from '../sink-cursor.ts'
import type { StoreKeeper } from '../store-keeper.ts'
import { intersect } from '../stored-lease.ts'
import type { SinkLetters } from './sink-letters.ts'
import { letterPage, type Page, type StoredLetter, storedPage } from './stored-letters.ts'

export interface LetterBoxParts {
  readonly keeper: Pick<StoreKeeper, 'use'>
  readonly logger: Logger
  readonly queueId: string
  /** Of the sinks with a cursor, of the source, and of sinks that are gone. */
  readonly letters: ReadonlyMap<string, SinkLetters>
  cursor(sink: string): SinkCursor | undefined
  /** Has these operations in the next write; resolves when it is done, to false when the queue was closed before. */
  write(ops: readonly Op[]): Promise<boolean>
}

/**
 * The dead letters of an open queue. What deletes or changes letters of a sink does so one after the other: each letter is then
 * counted once, whoever wants it gone.
 */
export class LetterBox implements DeadLetters {
  readonly #parts: LetterBoxParts
  /** The last work on each sink's letters. */
  readonly #turns = new Map<string, Promise<unknown>>()
  readonly #evicting = new Map<string, Promise<void>>()

  constructor(parts: LetterBoxParts) {
    this.#parts = parts
  }

  /** The bounds may be narrower than in the last life. */
  tidyAll(): void {
    for (const sink of this.#parts.letters.keys()) this.tidy(sink, Promise.resolve())
  }

  held(): HeldLetters[] {
    return [...this.#parts.letters.values()].map(({ held }) => held).filter(({ messages }) => messages > 0)
  }

  /** How many there are of each sink with a cursor, and of what else has some. */
  counts(): Record<string, number> {
    const shown = [...this.#parts.letters].filter(([sink, { held }]) => held.messages > 0 || this.#parts.cursor(sink) !== undefined)
    return Object.fromEntries(shown.map(([sink, { held }]) => [sink, held.messages]))
  }

  /** What to write for messages that a sink refused just now. */
  reject(sink: string, batch: StoredBatch, rejected: readonly Rejected[]): Op[] {
    return rejected.length === 0 ? [] : (this.#parts.letters.get(sink)?.reject(batch, rejected) ?? [])
  }

  /** What to write for something that the source could not read. */
  addSourceLetter({ code, reason, origin, bytes }: SourceLetter, nowMs = Date.now()): Op[] {
    const letters = this.#parts.letters.get(sourceLetters)
    if (letters === undefined) return []
    const message = { bytes, flags: 0, origin, receivedAtMs: nowMs }
    const ops = letters.add({ queueId: this.#parts.queueId, code, reason, rejectedAtMs: nowMs, message })
    return [...ops, { type: 'put', key: sourceLettersKey, value: encodeRecord({ next: letters.next }) }]
  }

  async *read(sink: string, fromSeq: Seq, signal: AbortSignal): AsyncGenerator<DeadLetter> {
    const letters = this.#parts.letters.get(sink)
    for (let from: Seq | undefined = Math.max(fromSeq, letters?.oldest ?? 0); from !== undefined && !signal.aborted; ) {
      const range: SeqRange = [from, this.#last(sink)]
      // The store may be closed for a repair between two pages.
      const reading = this.#parts.keeper.use((db) => letterPage(db, sink, range, this.#parts.queueId))
      const page: Page<DeadLetter> = (await untilAbort(reading, signal)) ?? { letters: [] }
      for (const letter of page.letters) if (!signal.aborted) yield letter
      from = page.next
    }
  }

  settle(sink: string, seqs: readonly SeqRange[], how: 'delivered' | 'deleted'): Promise<number> {
    const letters = this.#parts.letters.get(sink)
    return this.#eachPage(sink, seqs, (found, range) => {
      const cursor = how === 'delivered' ? this.#parts.cursor(sink) : undefined
      if (letters === undefined) return []
      if (cursor === undefined) return found.length > 0 ? letters.drop(found) : []
      const taken = countSeqs(intersect(intersect(seqs, [range]), [[cursor.base, cursor.seq - 1]]))
      const ops = letters.deliver(found, cursor, taken)
      cursor.redelivered = letters.redelivered(cursor)
      return ops
    })
  }

  async refuse(sink: string, rejected: readonly Rejected[]): Promise<number> {
    const why = (seq: Seq) => rejected.find(({ seqs: [from, through] }) => from <= seq && seq <= through)?.error
    const seqs = rejected.map((refusal) => refusal.seqs)
    const count = await this.#eachPage(sink, seqs, (found) => this.#parts.letters.get(sink)?.refuse(found, why) ?? [])
    // The new reason may be longer.
    this.tidy(sink, Promise.resolve())
    return count
  }

  /** Deletes the oldest where there are too many, beside the data path, once `written` is. */
  tidy(sink: string, written: Promise<unknown>): void {
    const letters = this.#parts.letters.get(sink)
    if (letters?.full !== true || this.#evicting.has(sink)) return
    const round = this.#inTurn(sink, async () => {
      await written
      return this.#makeRoom(letters)
    })
    const evicted = round
      .catch((error: unknown) => {
        this.#parts.logger.error({ code: 'INTERNAL', sink, err: error }, 'deleting the oldest dead letters failed')
        return 0
      })
      .then((deleted) => {
        this.#evicting.delete(sink)
        // Meanwhile more may have come, and whoever brought them saw a round under way.
        if (deleted > 0) this.tidy(sink, Promise.resolve())
      })
    this.#evicting.set(sink, evicted)
  }

  /** Resolves when nobody works on letters. */
  async idle(): Promise<void> {
    while (this.#turns.size > 0 || this.#evicting.size > 0) await Promise.all([...this.#turns.values(), ...this.#evicting.values()])
  }

  /** The newest that is seen. */
  #last(sink: string): Seq {
    const cursor = this.#parts.cursor(sink)
    return cursor === undefined ? Number.MAX_SAFE_INTEGER : cursor.seq - 1
  }

  /** Answers how many were deleted. */
  async #makeRoom(letters: SinkLetters): Promise<number> {
    const { keeper, logger, write } = this.#parts
    let deleted = 0
    for (;;) {
      const surplus = await keeper.use((db) => letters.findSurplus(db))
      if (surplus === undefined || surplus.length === 0) break
      deleted += surplus.length
      if (!(await write(letters.evict(surplus)))) break
    }
    if (deleted === 0) return 0
    logger.warn({ sink: letters.sink, messages: deleted }, 'too many dead letters: the oldest were deleted')
    await this.#compact(letters)
    return deleted
  }

  /**
   * Has written what `work` makes of the letters that are there, a page at a time; it is told which numbers the page is for. Resolves with
   * how many letters those were.
   */
  #eachPage(sink: string, seqs: readonly SeqRange[], work: (found: readonly StoredLetter[], range: SeqRange) => Op[]): Promise<number> {
    return this.#inTurn(sink, async () => {
      let count = 0
      const wanted = new Wanted(seqs)
      for (let at: Seq | undefined = wanted.first; at !== undefined; ) {
        const range: SeqRange = [at, Math.min(wanted.last, this.#last(sink))]
        const page: Page<StoredLetter> | undefined = await this.#parts.keeper.use((db) => storedPage(db, sink, range))
        if (page === undefined) return count // the queue was closed
        const found = page.letters.filter(({ seq }) => wanted.has(seq))
        const ops = work(found, page.next === undefined ? range : [at, page.next - 1])
        if (ops.length > 0 && !(await this.#parts.write(ops))) return count
        count += found.length
        at = page.next
      }
      const letters = this.#parts.letters.get(sink)
      if (letters !== undefined) await this.#compact(letters)
      return count
    })
  }

  async #compact(letters: SinkLetters): Promise<void> {
    const range = letters.uncompacted()
    if (range !== undefined) await this.#parts.keeper.use((db) => db.compactRange(...range))
  }

  #inTurn<T>(sink: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(sink) ?? Promise.resolve()
    const done = before.then(work)
    const turn = done
      .catch(() => undefined) // whoever asked for it has the error
      .then(() => {
        if (this.#turns.get(sink) === turn) this.#turns.delete(sink)
      })
    this.#turns.set(sink, turn)
    return done
  }
}

/** Numbers to look for in ascending order. */
class Wanted {
  readonly #ranges: SeqRange[]
  readonly first: Seq | undefined
  readonly last: Seq

  constructor(seqs: readonly SeqRange[]) {
    this.#ranges = seqs.toSorted((a, b) => a[0] - b[0])
    this.first = this.#ranges[0]?.[0]
    this.last = Math.max(-1, ...this.#ranges.map(([, through]) => through))
  }

  has(seq: Seq): boolean {
    while (this.#ranges[0] !== undefined && this.#ranges[0][1] < seq) this.#ranges.shift()
    return (this.#ranges[0]?.[0] ?? Number.POSITIVE_INFINITY) <= seq
  }
}
