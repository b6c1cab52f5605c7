import { seqAt, seqsBetween } from '../batch/ranges.ts'
import type { SeqRange } from '../core/batch.ts'
import type { RelayError } from '../core/errors.ts'
import type { Outcome } from '../core/sink.ts'
import type { Delivery, Fate } from './delivery.ts'

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
  const named = between(batch, 0, settled, refused)
  return error === undefined || settled === batch.ends.length ? named : { ...named, retry: { error } }
}

/** What of index `first` up to `to` is delivered, and what rejected. */
function between({ seqs }: Messages, first: number, to: number, refused: readonly Refusal[]): Outcome {
  const delivered: SeqRange[] = []
  const rejected: Outcome['rejected'][number][] = []
  let from = first
  for (const { index, error } of refused) {
    if (index >= to) break
    if (index < first) continue
    delivered.push(...seqsBetween(seqs, from, index))
    const seq = seqAt(seqs, index)
    rejected.push({ seqs: [seq, seq], error })
    from = index + 1
  }
  delivered.push(...seqsBetween(seqs, from, to))
  return { delivered, rejected }
}

/** The answer for a batch that was written to a connection, refused messages included: their fate is known already. */
export function unsettledOutcome(
  { seqs, ends: { length } }: Messages,
  { written, error, afterMs, fate }: Delivery,
  refused: readonly Refusal[],
): Outcome {
  const messages: Messages = { seqs, ends: { length } }
  const named = outcomeOf(messages, error === undefined ? length : written, refused)
  const answer = { delivered: [], rejected: named.rejected, ...retryOf({ error, afterMs }) }
  if (named.delivered.length === 0) return answer
  const outcome = fate.then((known) => {
    const delivered = known.error === undefined ? named.delivered : deliveredOf(messages, known, refused)
    return { delivered, rejected: [], ...retryOf(known) }
  })
  return { ...answer, unsettled: { seqs: named.delivered, outcome } }
}

function deliveredOf(messages: Messages, { delivered, beyond = [] }: Fate, refused: readonly Refusal[]): SeqRange[] {
  return [[0, delivered] as const, ...beyond].flatMap(([from, to]) => between(messages, from, to, refused).delivered)
}

function retryOf({ error, afterMs }: { error?: RelayError | undefined; afterMs?: number | undefined }): Pick<Outcome, 'retry'> {
  if (error === undefined) return {}
  return { retry: afterMs === undefined ? { error } : { error, afterMs } }
}
