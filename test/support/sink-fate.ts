import type { Outcome, Sink } from '../../src/core/sink.ts'

/**
 * What an outcome comes to when nothing of it is open any more, learned as fast as the far side allows; with an aborted
 * signal, what it comes to when the sink is stopped.
 */
export async function fateOf(sink: Sink, outcome: Outcome, signal: AbortSignal = new AbortController().signal): Promise<Outcome> {
  if (outcome.unsettled === undefined) return outcome
  if (signal.aborted) await sink.stop(signal)
  else await sink.flush(signal)
  const { delivered, rejected, retry } = await outcome.unsettled.outcome
  const again = outcome.retry ?? retry
  return {
    delivered: [...outcome.delivered, ...delivered],
    rejected: [...outcome.rejected, ...rejected],
    ...(again && { retry: again }),
  }
}
