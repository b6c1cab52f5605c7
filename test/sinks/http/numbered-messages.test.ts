import { test } from 'tap'
import { numberedMessages } from '../../../src/sinks/http/numbered-messages.ts'
import { storedBatch } from '../../support/sink-batches.ts'

test('each message with its number, over the ranges of the batch', (t) => {
  const batch = storedBatch(['a', 'b', 'c', 'd'], {
    seqs: [
      [5, 5],
      [8, 9],
      [20, 20],
    ],
  })
  t.same(
    [...numberedMessages(batch)].map(({ bytes, seq, queueId }) => [bytes.toString(), seq, queueId]),
    [
      ['a', 5, 'test'],
      ['b', 8, 'test'],
      ['c', 9, 'test'],
      ['d', 20, 'test'],
    ],
  )
  t.same([...numberedMessages(storedBatch([]))], [])
  t.end()
})
