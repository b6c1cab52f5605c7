import { countSeqs } from '../batch/ranges.ts'
import { RelayError } from '../core/errors.ts'
import type { Outcome } from '../core/sink.ts'

/** A sink that forgets some of its messages without asking for a retry would be asked again and again without a pause. */
export function checked(messages: number, outcome: Outcome): Outcome {
  if (outcome.retry !== undefined) return outcome
  const { delivered, rejected, unsettled } = outcome
  const named = countSeqs(delivered) + countSeqs(rejected.map(({ seqs }) => seqs)) + countSeqs(unsettled?.seqs ?? [])
  if (named === messages) return outcome
  return { ...outcome, retry: { error: new RelayError('INTERNAL', `the sink answered for ${named} of ${messages} messages`) } }
}
