import { seqAt, seqsBetween } from '../batch/ranges.ts'
import type { SeqRange } from '../core/batch.ts'
import type { RelayError } from '../core/errors.ts'
import type { Outcome } from '../core/sink.ts'
import type { Delivery } from './delivery.ts'

/** What of a batch is needed to name its messages: nothing that holds its bytes. */
export interface Messages {
  readonly seqs: readonly SeqRange[]
  readonly ends: { readonly length: number }
}

/** A message that this sink can never deliver, by its index in the batch. */
export interface Refusal {
  readonly index: number
  readonly error: RelayError
}

/**
 * The answer for a batch of which the first `settled` messages are done: delivered, but for the refused ones among them
 * (ascending by index). The rest is to be sent again because of `error`.
 */
export function outcomeOf(batch: Messages, settled: number, refused: readonly Refusal[], error?: RelayError): Outcome {
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

/** The answer for a batch that was written to a connection, refused messages included: their fate is known already. */
export function unsettledOutcome(
  { seqs, ends: { length } }: Messages,
  { written, error, fate }: Delivery,
  refused: readonly Refusal[],
): Outcome {
  const messages: Messages = { seqs, ends: { length } }
  const named = outcomeOf(messages, error === undefined ? length : written, refused)
  const answer = { delivered: [], rejected: named.rejected, ...(error && { retry: { error } }) }
  if (named.delivered.length === 0) return answer
  const outcome = fate.then(({ delivered, error: loss }) => {
    const known = loss === undefined ? named.delivered : outcomeOf(messages, delivered, refused).delivered
    return { delivered: known, rejected: [], ...(loss && { retry: { error: loss } }) }
  })
  return { ...answer, unsettled: { seqs: named.delivered, outcome } }
}
