import type { SeqRange } from '../core/batch.ts'
import type { Logger } from '../core/logger.ts'
import type { QueueBooks } from './queue-books.ts'
import { SettledRanges } from './settled-ranges.ts'
import type { SinkCursor } from './sink-cursor.ts'
import type { SinkReader } from './sink-reader.ts'
import { intersect } from './stored-lease.ts'

/** Room is made down to this part of the limit, so that it is not made for each batch. */
const dropTo = 0.95

export interface TrimmingParts {
  readonly maxBytes: number
  readonly books: QueueBooks
  readers(): Iterable<Pick<SinkReader, 'cursor' | 'dropOldest'>>
  readonly logger: Logger
  /** Writes a cursor that moved. */
  moved(cursor: SinkCursor): Promise<void>
  /** Deletes batches that lie behind one which is still needed. */
  remove(ranges: readonly SeqRange[]): Promise<void>
}

/** Makes room under `when_full: drop_oldest` by dropping the oldest batches of every sink that is too far behind. */
export class Trimming {
  readonly #parts: TrimmingParts
  #round: Promise<void> | undefined
  #stopped = false
  /** Deleted behind a lease; what every sink has passed falls out again. */
  #removed: SeqRange[] = []

  constructor(parts: TrimmingParts) {
    this.#parts = parts
  }

  /** To be told whenever something was stored or passed. One round at a time. */
  consider(): void {
    if (this.#round !== undefined || this.#stopped || !this.#due) return
    this.#round = this.#trim()
      .catch((error: unknown) => this.#parts.logger.error({ code: 'INTERNAL', err: error }, 'making room in the queue failed'))
      .finally(() => {
        this.#round = undefined
      })
  }

  /** No further round; resolves when the one under way is over, so that the next start finds the queue within its limit. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#round
  }

  get #due(): boolean {
    return this.#parts.books.bytes >= this.#parts.maxBytes
  }

  /** Until the queue is within its limit, or all that is left is leased. */
  async #trim(): Promise<void> {
    while (this.#due) if (!(await this.#trimOnce())) return
  }

  /** Returns whether room was made. */
  async #trimOnce(): Promise<boolean> {
    const { logger, moved, remove } = this.#parts
    let trimmed = false
    for (const reader of this.#parts.readers()) {
      const { cursor } = reader
      const { deleted } = cursor.record
      const messages = await this.#trimSink(reader)
      if (messages > 0) logger.error({ sink: cursor.sink, messages }, 'the queue is full: its oldest messages were dropped')
      // What was delivered behind a lease is deleted too, and must be known as gone before it is.
      else if (cursor.record.deleted === deleted) continue
      trimmed = true
      await moved(cursor)
    }
    const ranges = this.#newlyUnneeded()
    if (ranges.length > 0) await remove(ranges)
    return trimmed
  }

  /** Returns how many messages were dropped. */
  async #trimSink(reader: Pick<SinkReader, 'cursor' | 'dropOldest'>): Promise<number> {
    let dropped = 0
    while (this.#waiting(reader.cursor) > this.#parts.maxBytes * dropTo) {
      const messages = await reader.dropOldest()
      if (messages === undefined) break
      dropped += messages
    }
    return dropped
  }

  #waiting(cursor: SinkCursor): number {
    return cursor.waitingBytes(this.#parts.books.readable.position)
  }

  /** What no sink needs any more although it lies behind a batch that one does: each sink has passed or dropped it. */
  #newlyUnneeded(): SeqRange[] {
    const { oldestBatch, newest, cursors } = this.#parts.books
    let unneeded: SeqRange[] = [[oldestBatch, newest - 1]]
    for (const { batch, record } of cursors) {
      const dropped = record.deleted.map(({ first, end }): SeqRange => [first, end - 1])
      unneeded = intersect(unneeded, [[0, batch - 1], ...dropped])
    }
    const known = new SettledRanges()
    for (const [from, through] of this.#removed) known.add(from, through, 'oldest')
    this.#removed = unneeded
    return unneeded.flatMap(([from, through]) => known.add(from, through, 'oldest'))
  }
}
