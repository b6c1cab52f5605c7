import { selectMessages } from '../batch/messages.ts'
import type { Seq, SeqRange, StoredBatch } from '../core/batch.ts'
import type { Lease, QueueReader, Rejected } from '../core/queue.ts'
import { untilAbort } from '../retry/until-abort.ts'
import { mergeStored } from './merge-batches.ts'
import type { Notifier } from './notifier.ts'
import type { Fetched } from './recent-batches.ts'
import type { Extent, SinkCursor } from './sink-cursor.ts'
import { intersect, type Outstanding, StoredLease } from './stored-lease.ts'

/** Where a reader's batches come from and its outcomes go. */
export interface ReaderSource {
  /** Everything below is stored and may be read. */
  readonly readableEnd: Seq
  readonly closed: boolean
  /** Something became readable, was released, or the queue was closed. */
  readonly changed: Notifier
  /** Batches from `from` on; undefined when the queue was closed meanwhile. */
  fetch(from: Seq, maxBytes: number): Promise<Fetched[] | undefined>
  /** Messages of this sink that cannot be read any more. */
  damaged(cursor: SinkCursor, messages: number): void
  settled(cursor: SinkCursor, batch: StoredBatch, rejected: readonly Rejected[]): Promise<void>
}

/** Hands out one sink's messages in order; what is released comes first. */
export class SinkReader implements QueueReader {
  readonly cursor: SinkCursor
  readonly #source: ReaderSource
  /** First number of the next batch to read. */
  #next: Seq
  #position: number
  #released: StoredBatch[] = []
  #out = new Set<Outstanding>()
  #ahead: { from: Seq; fetched: Promise<Fetched[] | undefined> } | undefined
  /** The end of a chain: reading is done by one caller at a time, in order. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(cursor: SinkCursor, source: ReaderSource) {
    this.cursor = cursor
    this.#source = source
    this.#next = cursor.batch
    this.#position = cursor.record.position
  }

  /** Stored bytes before the next batch to read. */
  get position(): number {
    return this.#position
  }

  async lease(maxBytes: number, signal: AbortSignal): Promise<Lease | undefined> {
    const { changed } = this.#source
    while (!signal.aborted && !this.#source.closed) {
      const seen = changed.version
      const turn = this.#inTurn(() => this.#take(maxBytes))
      const lease = await untilAbort(turn, signal)
      if (lease === undefined && signal.aborted) {
        // The store may be under repair for long; what it gives in the end is for the next lease.
        turn.then((late) => late?.release(), ignored)
        return undefined
      }
      if (lease === undefined) await changed.wait(seen, signal)
      else if (signal.aborted || this.#source.closed) lease.release()
      else {
        this.#prefetch(maxBytes)
        return lease
      }
    }
    return undefined
  }

  /** In its turn, so that what is read is leased before anything is dropped. */
  async #take(maxBytes: number): Promise<StoredLease | undefined> {
    const batch = this.#takeReleased() ?? (await this.#read(maxBytes))
    return batch === undefined ? undefined : this.#hand(batch)
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work)
    this.#turn = result.catch(ignored)
    return result
  }

  #hand(batch: StoredBatch): StoredLease {
    const lease = new StoredLease(batch, {
      settle: (settling, rejected) => this.#settle(batch, settling, rejected),
      release: () => {
        this.#out.delete(lease)
        this.#putBack(batch)
      },
    })
    this.#out.add(lease)
    return lease
  }

  #settle(batch: StoredBatch, delivered: readonly SeqRange[], rejected: readonly Rejected[]): Promise<void> {
    const refused: Rejected[] = []
    // Rejected first: a message named twice is better a dead letter too many than one too few.
    for (const { seqs, error } of rejected) {
      for (const range of intersect([seqs], batch.seqs)) {
        for (const added of this.cursor.settle(range, 'rejected')) refused.push({ seqs: added, error })
      }
    }
    for (const range of intersect(delivered, batch.seqs)) this.cursor.settle(range, 'delivered')
    return this.#source.settled(this.cursor, batch, refused)
  }

  #putBack(batch: StoredBatch): void {
    const rest = this.#unsettled(batch)
    if (rest === undefined) return
    const first = firstOf(rest)
    const at = this.#released.findIndex((other) => firstOf(other) > first)
    this.#released.splice(at === -1 ? this.#released.length : at, 0, rest)
    this.#source.changed.notify()
  }

  #takeReleased(): StoredBatch | undefined {
    for (let batch = this.#released.shift(); batch !== undefined; batch = this.#released.shift()) {
      const rest = this.#unsettled(batch)
      if (rest !== undefined) return rest
    }
    return undefined
  }

  #unsettled(batch: StoredBatch): StoredBatch | undefined {
    if (!batch.seqs.some(([from, through]) => this.cursor.anySettled(from, through))) return batch
    return selectMessages(batch, (seq) => !this.cursor.isSettled(seq))
  }

  /** The next batches as one; undefined when nothing is readable. */
  async #read(maxBytes: number): Promise<StoredBatch | undefined> {
    while (this.#next < this.#source.readableEnd) {
      const fetched = await this.#fetch(maxBytes)
      if (fetched === undefined) return undefined
      const parts: StoredBatch[] = []
      let bytes = 0
      for (const [i, { extent, batch }] of fetched.entries()) {
        if (bytes >= maxBytes) {
          this.#ahead = { from: extent.first, fetched: Promise.resolve(fetched.slice(i)) }
          break
        }
        bytes += batch?.bytes.length ?? 0
        this.#reach(extent)
        const rest = batch === undefined ? this.#damaged(extent) : this.#unsettled(batch)
        if (rest !== undefined) parts.push(rest)
      }
      if (parts.length > 0) return mergeStored(parts)
    }
    return undefined
  }

  #reach(extent: Extent): void {
    this.#next = extent.end
    this.#position = extent.position + extent.bytes
    this.cursor.enter(extent)
  }

  #damaged({ first, end }: Extent): undefined {
    let messages = 0
    for (const [from, through] of this.cursor.settle([first, end - 1], 'damaged')) messages += through - from + 1
    if (messages > 0) this.#source.damaged(this.cursor, messages)
  }

  async #fetch(maxBytes: number): Promise<Fetched[] | undefined> {
    const ahead = this.#ahead
    this.#ahead = undefined
    return ahead?.from === this.#next ? await ahead.fetched : await this.#source.fetch(this.#next, maxBytes)
  }

  /** The batch after a leased one is read while that one is sent. */
  #prefetch(maxBytes: number): void {
    const from = this.#next
    if (this.#ahead?.from === from || from >= this.#source.readableEnd) return
    const fetched = this.#source.fetch(from, maxBytes)
    fetched.catch(ignored) // whoever reads it has the error
    this.#ahead = { from, fetched }
  }

  /**
   * Drops the oldest batch that no lease holds, for when_full: drop_oldest. Returns how many messages that were, or
   * undefined when every batch is leased.
   */
  dropOldest(): Promise<number | undefined> {
    return this.#inTurn(async () => {
      const free = this.cursor.window.find((extent) => !this.#isLeased(extent) && !this.#isDropped(extent))
      if (free !== undefined) return this.cursor.drop(free)
      if (this.#next >= this.#source.readableEnd) return undefined
      const [oldest, ...rest] = (await this.#fetch(1)) ?? []
      if (oldest === undefined) return undefined
      const [following] = rest
      if (following !== undefined) this.#ahead = { from: following.extent.first, fetched: Promise.resolve(rest) }
      this.#reach(oldest.extent)
      if (oldest.batch === undefined) this.#damaged(oldest.extent)
      else if (!this.#isDropped(oldest.extent)) return this.cursor.drop(oldest.extent)
      return 0
    })
  }

  #isLeased({ first, end }: Extent): boolean {
    for (const lease of this.#out) if (lease.first < end && lease.last >= first) return true
    return false
  }

  #isDropped({ end }: Extent): boolean {
    return this.cursor.record.deleted.some((deleted) => deleted.first < end && deleted.end >= end)
  }
}

/** For errors that another waiter has. */
function ignored(): undefined {
  return undefined
}

function firstOf(batch: StoredBatch): Seq {
  return (batch.seqs[0] as SeqRange)[0]
}
