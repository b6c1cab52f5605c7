import type { Seq, SeqRange } from '../core/batch.ts'

/** Messages in these ranges. */
export function countSeqs(ranges: readonly SeqRange[]): number {
  let count = 0
  for (const [from, through] of ranges) count += through - from + 1
  return count
}

/**
 * The numbers of the messages at index `from` up to (not including) `to`, as ranges: what a sink names in its Outcome
 * for a slice of a batch.
 */
export function seqsBetween(seqs: readonly SeqRange[], from: number, to: number): SeqRange[] {
  const found: SeqRange[] = []
  let index = 0
  for (const [first, last] of seqs) {
    const length = last - first + 1
    const start = Math.max(from - index, 0)
    const end = Math.min(to - index, length)
    if (start < end) found.push([first + start, first + end - 1])
    index += length
    if (index >= to) break
  }
  return found
}

/** The number of the message at `index`. */
export function seqAt(seqs: readonly SeqRange[], index: number): Seq {
  const range = seqsBetween(seqs, index, index + 1)[0]
  if (range === undefined) throw new RangeError(`no message ${index} in this batch`)
  return range[0]
}
