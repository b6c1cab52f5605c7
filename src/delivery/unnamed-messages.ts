import { selectMessages } from '../batch/messages.ts'
import type { SeqRange, StoredBatch } from '../core/batch.ts'
import type { Outcome } from '../core/sink.ts'

/** The messages of a batch that an outcome does not name: they are to be sent again. Undefined when there are none. */
export function unnamedMessages(batch: StoredBatch, { delivered, rejected }: Outcome): StoredBatch | undefined {
  const named = [...delivered, ...rejected.map(({ seqs }) => seqs)].sort(([a], [b]) => a - b)
  let at = 0
  return selectMessages(batch, (seq) => {
    while (at < named.length && (named[at] as SeqRange)[1] < seq) at++
    return at === named.length || (named[at] as SeqRange)[0] > seq
  })
}
