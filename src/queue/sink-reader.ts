import { selectMessages } from '../batch/messages.ts'
import type { Seq, SeqRange, StoredBatch } from '../core/batch.ts'
import type { Rejected } from '../core/dead-letter.ts'
import type { Lease, QueueReader } from '../core/queue.ts'
import type { Notifier } from '../retry/notifier.ts'
import { untilAbort } from '../retry/until-abort.ts'
import { mergeStored } from './merge-batches.ts'
import { ReadAhead, type ReadAheadSource, releaseAll } from './read-ahead.ts'
import type { Fetched } from './recent-batches.ts'
import { ReturnedMessages } from './returned-messages.ts'
import type { Extent, SinkCursor } from './sink-cursor.ts'
import { intersect, type Outstanding, StoredLease } from './stored-lease.ts'

/** Batches of more bytes are leased alone: joining them would copy them. */
const maxJoinedBytes = 128 * 1024

/** Where a reader's batches come from and its outcomes go. */
export interface ReaderSource extends ReadAheadSource {
  readonly closed: boolean
  /** Something became readable, was released, or the queue was closed. */
  readonly changed: Notifier
  /** Messages of this sink that cannot be read any more. */
  damaged(cursor: SinkCursor, messages: number): void
  settled(cursor: SinkCursor, batch: StoredBatch, rejected: readonly Rejected[]): Promise<void>
}

/** Hands out one sink's messages in order; what is released comes first. */
export class SinkReader implements QueueReader {
  readonly cursor: SinkCursor
  readonly #source: ReaderSource
  readonly #ahead: ReadAhead
  readonly #returned = new ReturnedMessages()
  #out = new Set<Outstanding>()
  /** The end of a chain: reading is done by one caller at a time, in order. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(cursor: SinkCursor, source: ReaderSource) {
    this.cursor = cursor
    this.#source = source
    this.#ahead = new ReadAhead(cursor, source)
  }

  /** First number of the next batch to read. */
  get next(): Seq {
    return this.#ahead.next
  }

  /** Stored bytes before the next batch to read. */
  get position(): number {
    return this.#ahead.position
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
        this.#ahead.begin(maxBytes)
        return lease
      }
    }
    return undefined
  }

  /** In its turn, so that what is read is leased before anything is dropped. */
  async #take(maxBytes: number): Promise<StoredLease | undefined> {
    const batch = (await this.#takeReturned()) ?? (await this.#read(maxBytes))
    return batch === undefined ? undefined : this.#hand(batch)
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work)
    this.#turn = result.catch(ignored)
    return result
  }

  #hand(batch: StoredBatch): StoredLease {
    const lease = new StoredLease(batch, {
      settle: (settling, delivered, rejected, forgotten) =>
        forgotten && rejected.length > 0
          ? this.#settleForgotten(settling, delivered, rejected)
          : this.#settle(settling, delivered, rejected),
      release: (left, forgotten) => {
        this.#out.delete(lease)
        this.#putBack(left, forgotten)
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

  /** A dead letter needs its message, so what was refused is read again. What cannot be read stays leased, to be handed out once more. */
  async #settleForgotten(batch: StoredBatch, delivered: readonly SeqRange[], rejected: readonly Rejected[]): Promise<void> {
    const written = [this.#settle(batch, delivered, [])]
    let refused = rejected.flatMap(({ seqs }) => intersect([seqs], batch.seqs))
    for (let extent = this.#extentOf(refused); extent !== undefined; extent = this.#extentOf(refused)) {
      const { first } = extent
      const fetched = await this.#inTurn(() => this.#source.fetch(first, 1)).catch(ignored)
      const [found] = fetched ?? []
      if (found?.batch !== undefined) written.push(this.#settle(found.batch, [], rejected))
      else if (found !== undefined) this.#damaged(found.extent)
      releaseAll(fetched)
      if (found === undefined) break
      refused = intersect(refused, [[found.extent.end, Number.MAX_SAFE_INTEGER]])
    }
    await Promise.all(written)
  }

  /** The first batch that holds any of these messages that is not settled. */
  #extentOf(seqs: readonly SeqRange[]): Extent | undefined {
    const [first] = this.#unsettledRanges(seqs)
    return first && this.cursor.window.find(({ end }) => end > first[0])
  }

  #putBack(batch: StoredBatch, forgotten: boolean): void {
    const rest = forgotten ? undefined : this.#unsettled(batch)
    const seqs = forgotten ? this.#unsettledRanges(batch.seqs) : rest?.seqs
    if (rest === undefined) batch.memory?.release()
    if (seqs === undefined || seqs.length === 0) return
    this.#returned.add(rest === undefined ? { seqs } : { seqs, batch: rest })
    this.#source.changed.notify()
  }

  /** What came back, without what was settled meanwhile. Undefined when there is nothing, or the queue was closed. */
  async #takeReturned(): Promise<StoredBatch | undefined> {
    for (let returned = this.#returned.shift(); returned !== undefined; returned = this.#returned.shift()) {
      const { batch, seqs } = returned
      const rest = batch === undefined ? await this.#readAgain(seqs) : this.#unsettled(batch)
      if (rest !== undefined) return rest
      batch?.memory?.release()
      if (this.#source.closed) return undefined
    }
    return undefined
  }

  /** The first batch that holds any of these messages; what the batches behind it hold goes back. */
  async #readAgain(seqs: readonly SeqRange[]): Promise<StoredBatch | undefined> {
    const extent = this.#extentOf(seqs)
    if (extent === undefined) return undefined
    let fetched: Fetched[] | undefined
    try {
      fetched = await this.#source.fetch(extent.first, 1)
    } finally {
      if (fetched === undefined) this.#returned.add({ seqs })
    }
    const [found, ...more] = fetched ?? []
    for (const { batch } of more) batch?.memory?.release()
    if (found === undefined) return undefined
    const behind = intersect(seqs, [[found.extent.end, Number.MAX_SAFE_INTEGER]])
    if (behind.length > 0) this.#returned.add({ seqs: behind })
    if (found.batch === undefined) return this.#damaged(found.extent)
    const wanted = intersect(seqs, found.batch.seqs)
    const rest = selectMessages(found.batch, (seq) => holds(wanted, seq) && !this.cursor.isSettled(seq))
    if (rest === undefined) found.batch.memory?.release()
    return rest
  }

  #unsettledRanges(seqs: readonly SeqRange[]): SeqRange[] {
    return seqs.flatMap(([from, through]) => this.cursor.unsettled(from, through))
  }

  #unsettled(batch: StoredBatch): StoredBatch | undefined {
    if (!batch.seqs.some(([from, through]) => this.cursor.anySettled(from, through))) return batch
    return selectMessages(batch, (seq) => !this.cursor.isSettled(seq))
  }

  /** The next batches as one; undefined when nothing is readable. */
  async #read(maxBytes: number): Promise<StoredBatch | undefined> {
    while (!this.#ahead.atEnd) {
      const fetched = await this.#ahead.fetch(maxBytes)
      if (fetched === undefined) return undefined
      const parts: StoredBatch[] = []
      let bytes = 0
      for (const [i, { extent, batch }] of fetched.entries()) {
        const size = batch?.bytes.length ?? 0
        if (bytes >= maxBytes || (bytes > 0 && bytes + size > maxJoinedBytes)) {
          this.#ahead.keep(fetched.slice(i))
          break
        }
        bytes += size
        this.#ahead.reach(extent)
        const rest = batch === undefined ? this.#damaged(extent) : this.#unsettled(batch)
        if (rest !== undefined) parts.push(rest)
        else batch?.memory?.release()
      }
      if (parts.length > 0) return joined(parts)
    }
    return undefined
  }

  #damaged({ first, end }: Extent): undefined {
    let messages = 0
    for (const [from, through] of this.cursor.settle([first, end - 1], 'damaged')) messages += through - from + 1
    if (messages > 0) this.#source.damaged(this.cursor, messages)
  }

  /**
   * Drops the oldest batch that no lease holds, for when_full: drop_oldest. Returns how many messages that were, or
   * undefined when every batch is leased.
   */
  dropOldest(): Promise<number | undefined> {
    return this.#inTurn(async () => {
      const free = this.cursor.window.find((extent) => !this.#isLeased(extent) && !this.#isDropped(extent))
      if (free !== undefined) return this.cursor.drop(free)
      if (this.#ahead.atEnd) return undefined
      const [oldest, ...rest] = (await this.#ahead.fetch(1)) ?? []
      if (oldest === undefined) return undefined
      this.#ahead.keep(rest)
      this.#ahead.reach(oldest.extent)
      oldest.batch?.memory?.release()
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

/** The parts as one batch, which holds what they held. */
function joined(parts: readonly StoredBatch[]): StoredBatch {
  const batch = mergeStored(parts)
  if (parts.length > 1) for (const { memory } of parts) memory?.release()
  return batch
}

function holds(ranges: readonly SeqRange[], seq: Seq): boolean {
  return ranges.some(([from, through]) => from <= seq && seq <= through)
}
