import type { Seq, SeqRange, StoredBatch } from '../core/batch.ts'
import type { Lease, Rejected } from '../core/queue.ts'

/** A lease seen by its reader: the numbers between which it holds messages. */
export interface Outstanding {
  readonly first: Seq
  readonly last: Seq
}

interface LeaseEnd {
  settle(delivered: readonly SeqRange[], rejected: readonly Rejected[]): Promise<void>
  release(): void
}

/** Messages out for sending. After `release` it does nothing any more: its messages may be out again. */
export class StoredLease implements Lease, Outstanding {
  readonly batch: StoredBatch
  readonly first: Seq
  readonly last: Seq
  readonly #end: LeaseEnd
  #released = false

  constructor(batch: StoredBatch, end: LeaseEnd) {
    this.batch = batch
    this.first = (batch.seqs[0] as SeqRange)[0]
    this.last = (batch.seqs.at(-1) as SeqRange)[1]
    this.#end = end
  }

  settle(delivered: readonly SeqRange[], rejected: readonly Rejected[]): Promise<void> {
    return this.#released ? Promise.resolve() : this.#end.settle(delivered, rejected)
  }

  release(): void {
    if (this.#released) return
    this.#released = true
    this.#end.release()
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
