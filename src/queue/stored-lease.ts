import type { Seq, SeqRange, StoredBatch } from '../core/batch.ts'
import type { Rejected } from '../core/dead-letter.ts'
import type { Lease } from '../core/queue.ts'
import { withoutBytes } from './returned-messages.ts'

/** A lease seen by its reader: the numbers between which it holds messages. */
export interface Outstanding {
  readonly first: Seq
  readonly last: Seq
}

interface LeaseEnd {
  /** `forgotten`: without the bytes. */
  settle(batch: StoredBatch, delivered: readonly SeqRange[], rejected: readonly Rejected[], forgotten: boolean): Promise<void>
  /** `forgotten`: without the bytes. */
  release(batch: StoredBatch, forgotten: boolean): void
}

/** Messages out for sending. After `release` it does nothing any more: its messages may be out again. */
export class StoredLease implements Lease, Outstanding {
  readonly first: Seq
  readonly last: Seq
  readonly #end: LeaseEnd
  #batch: StoredBatch
  #forgotten = false
  #released = false

  /** Holds the batch until `forget` or `release`. */
  constructor(batch: StoredBatch, end: LeaseEnd) {
    this.#batch = batch
    this.first = (batch.seqs[0] as SeqRange)[0]
    this.last = (batch.seqs.at(-1) as SeqRange)[1]
    this.#end = end
  }

  get batch(): StoredBatch {
    return this.#batch
  }

  settle(delivered: readonly SeqRange[], rejected: readonly Rejected[]): Promise<void> {
    if (this.#released) return Promise.resolve()
    return this.#end.settle(this.#batch, delivered, rejected, this.#forgotten)
  }

  forget(): void {
    if (this.#released || this.#forgotten) return
    this.#forgotten = true
    this.#batch.memory?.release()
    this.#batch = withoutBytes(this.#batch)
  }

  release(): void {
    if (this.#released) return
    this.#released = true
    const batch = this.#batch
    this.#batch = withoutBytes(batch)
    this.#end.release(batch, this.#forgotten)
  }
}

/** The parts of `ranges` that lie in `within`. */
export function intersect(ranges: readonly SeqRange[], within: readonly SeqRange[]): SeqRange[] {
  const common: SeqRange[] = []
  for (const [from, through] of ranges) {
    for (const [first, last] of within) {
      if (from <= last && first <= through) common.push([Math.max(from, first), Math.min(through, last)])
    }
  }
  return common
}
