import { test } from 'tap'
import { RelayError } from '../../../src/core/errors.ts'
import { SentBatch } from '../../../src/sinks/http/sent-batch.ts'
import { storedBatch } from '../../support/sink-batches.ts'

const no = new RelayError('DOCUMENT_REFUSED', 'no')
const wait = new RelayError('ENDPOINT_BUSY', 'wait')

const batch = storedBatch(['a', 'b', 'c', 'd', 'e', 'f'], {
  seqs: [
    [3, 5],
    [6, 6],
    [9, 10],
  ],
})

test('what is known when it answers is told at once, the rest when all of it is known, and nothing twice', async (t) => {
  const sent = new SentBatch(batch)
  sent.delivered(1)
  sent.rejected(5, no)
  sent.rejected(0, no)
  const { unsettled, ...known } = sent.answer()
  t.same(known, {
    delivered: [[4, 4]],
    rejected: [
      { seqs: [3, 3], error: no },
      { seqs: [10, 10], error: no },
    ],
  })
  t.same(unsettled?.seqs, [
    [5, 5],
    [6, 6],
    [9, 9],
  ]) // prettier-ignore
  sent.delivered(3)
  sent.again(2, wait, 300)
  sent.again(4, no, 100)
  t.same(await unsettled?.outcome, { delivered: [[6, 6]], rejected: [], retry: { error: wait, afterMs: 300 } })
})

test('the first word about a message counts', (t) => {
  const sent = new SentBatch(batch)
  for (let index = 0; index < 6; index++) {
    sent.delivered(index)
    sent.again(index, wait)
    sent.rejected(index, no)
  }
  t.same(sent.answer(), { delivered: batch.seqs, rejected: [] })
  t.end()
})

test('a retry is told once: with the messages that it is about', async (t) => {
  const sent = new SentBatch(batch)
  sent.again(0, wait)
  const { retry, unsettled } = sent.answer()
  t.same(retry, { error: wait })
  for (let index = 1; index < 6; index++) sent.delivered(index)
  t.equal((await unsettled?.outcome)?.retry, undefined)
})

test('the rest from an index on; names', (t) => {
  const sent = new SentBatch(batch)
  t.equal(sent.nameOf(4), 'test:9')
  sent.delivered(0)
  sent.restAgain(0, wait)
  t.same(sent.answer(), { delivered: [[3, 3]], rejected: [], retry: { error: wait } })
  t.end()
})

test('a batch without messages', (t) => {
  t.same(new SentBatch(storedBatch([])).answer(), { delivered: [], rejected: [] })
  t.end()
})
