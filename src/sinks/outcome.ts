import { seqAt, seqsBetween } from '../batch/ranges.ts'
import type { SeqRange, StoredBatch } from '../core/batch.ts'
import type { RelayError } from '../core/errors.ts'
import type { Outcome } from '../core/sink.ts'

/** A message that this sink can never deliver, by its index in the batch. */
export interface Refusal {
  readonly index: number
  readonly error: RelayError
}

/**
 * The answer for a batch of which the first `settled` messages are done: delivered, but for the refused ones among them
 * (ascending by index). The rest is to be sent again because of `error`.
 */
export function outcomeOf(batch: StoredBatch, settled: number, refused: readonly Refusal[], error?: RelayError): Outcome {
  const delivered: SeqRange[] = []
  const rejected: Outcome['rejected'][number][] = []
  let from = 0
  for (const refusal of refused) {
    if (refusal.index >= settled) break
    delivered.push(...seqsBetween(batch.seqs, from, refusal.index))
    const seq = seqAt(batch.seqs, refusal.index)
    rejected.push({ seqs: [seq, seq], error: refusal.error })
    from = refusal.index + 1
  }
  delivered.push(...seqsBetween(batch.seqs, from, settled))
  return error === undefined || settled === batch.ends.length ? { delivered, rejected } : { delivered, rejected, retry: { error } }
}
