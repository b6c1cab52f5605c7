import { test } from 'tap'
import { RelayError } from '../../src/core/errors.ts'
import { outcomeOf, unsettledOutcome } from '../../src/sinks/outcome.ts'
import { checkOutcome, numberedMessages, storedBatch } from '../support/sink-batches.ts'

const error = new RelayError('ENDPOINT_CLOSED', 'closed')
const refusal = new RelayError('MESSAGE_TOO_LARGE', 'too large')
const batch = storedBatch(numberedMessages(6), {
  seqs: [
    [10, 12],
    [20, 22],
  ],
})

test('the settled part is delivered but for what was refused, the rest is for a retry', async (t) => {
  const outcome = outcomeOf(
    batch,
    5,
    [
      { index: 1, error: refusal },
      { index: 3, error: refusal },
      { index: 5, error: refusal },
    ],
    error,
  )
  checkOutcome(t, batch, outcome)
  t.same(outcome, {
    delivered: [
      [10, 10],
      [12, 12],
      [21, 21],
    ],
    rejected: [
      { seqs: [11, 11], error: refusal },
      { seqs: [20, 20], error: refusal },
    ],
    retry: { error },
  })
})

test('an error that came when all was settled asks for nothing', async (t) => {
  t.same(outcomeOf(batch, 6, [], error), { delivered: batch.seqs, rejected: [] })
})

test('messages delivered in no order, with a connection that died behind them', async (t) => {
  const fate = Promise.resolve({ delivered: 1, beyond: [[2, 4] as const, [5, 6] as const], error, afterMs: 0 })
  const outcome = unsettledOutcome(batch, { written: 6, fate }, [{ index: 3, error: refusal }])
  t.same(outcome.rejected, [{ seqs: [20, 20], error: refusal }])
  t.same(await outcome.unsettled?.outcome, {
    delivered: [
      [10, 10],
      [12, 12],
      [22, 22],
    ],
    rejected: [],
    retry: { error, afterMs: 0 },
  })
})
