import t from 'tap'
import { groupIdOf } from '../../src/batch/letter-groups.ts'
import { messagesOf } from '../../src/batch/messages.ts'
import type { StoredBatch } from '../../src/core/batch.ts'
import type { LetterSelection, ReplayProgress } from '../../src/core/dead-letter.ts'
import { RelayError } from '../../src/core/errors.ts'
import { replay } from '../../src/delivery/replay.ts'
import type { Fate } from '../../src/delivery/sink-turns.ts'
import { sampleLetter, sampleLetters } from '../support/dead-letter-samples.ts'
import { FakeQueue } from '../support/fake-queue.ts'
import { never } from './forwarding.ts'

const all = Number.MAX_SAFE_INTEGER
const down = new RelayError('ENDPOINT_UNREACHABLE', 'nobody there', { hint: 'look' })

interface Options {
  readonly selection?: LetterSelection
  readonly through?: number
  readonly maxBatchBytes?: number
  readonly signal?: AbortSignal
}

function replaying(queue: FakeQueue, { selection = {}, through = all, maxBatchBytes = 2 ** 20, signal = never }: Options = {}) {
  const sent: StoredBatch[] = []
  const answers: Fate[] = []
  const send = async (batch: StoredBatch) => {
    sent.push(batch)
    return answers.shift() ?? { delivered: batch.seqs, rejected: [] }
  }
  const run = async () => {
    const told: ReplayProgress[] = []
    for await (const step of replay({ letters: queue.deadLetters, sink: 'siem', send, maxBatchBytes }, { selection, through }, signal))
      told.push(step)
    return told
  }
  return { sent, answers, run }
}

t.test('letters are sent as the messages that they were, and those that arrived are none any more', async (t) => {
  const queue = new FakeQueue()
  queue.letters = [...sampleLetters(3, 4, 9), sampleLetter(10, { flags: 1, bytes: Buffer.alloc(0) }), sampleLetter(5, { sink: 'other' })]
  const { sent, run } = replaying(queue)
  t.same(await run(), [{ delivered: 4, refused: 0 }])
  t.equal(sent.length, 1)
  t.match(sent[0], {
    queueId: 'q',
    seqs: [
      [3, 4],
      [9, 10],
    ],
  })
  const messages = [...messagesOf(sent[0] as StoredBatch)].map(({ bytes, origin, ...rest }) => ({
    text: bytes.toString(),
    port: origin.port,
    ...rest,
  }))
  t.same(messages, [
    { text: 'message 3', port: 3, receivedAtMs: 1003, flags: 0 },
    { text: 'message 4', port: 4, receivedAtMs: 1004, flags: 0 },
    { text: 'message 9', port: 9, receivedAtMs: 1009, flags: 0 },
    { text: '', port: 10, receivedAtMs: 1010, flags: 1 },
  ])
  t.same(queue.calls, ['delivered 4 of siem'])
})

t.test('what is refused again stays with the new reason; a retry ends it with the rest kept', async (t) => {
  const queue = new FakeQueue()
  queue.letters = sampleLetters(1, 2, 3)
  const { sent, answers, run } = replaying(queue, { maxBatchBytes: 1 })
  answers.push(
    { delivered: [], rejected: [{ seqs: [1, 1], error: new RelayError('DOCUMENT_REFUSED', 'no') }] },
    { delivered: [], rejected: [], retry: { error: down } },
  )
  t.same(await run(), [
    { delivered: 0, refused: 1 },
    { delivered: 0, refused: 1, stopped: { code: 'ENDPOINT_UNREACHABLE', message: 'nobody there', hint: 'look' } },
  ])
  t.equal(sent.length, 2, 'the third was not sent')
  t.match(queue.letters, [{ seq: 1, code: 'DOCUMENT_REFUSED', reason: 'no' }, { seq: 2 }, { seq: 3 }])
})

t.test('a batch is bounded, and belongs to one queue', async (t) => {
  const queue = new FakeQueue()
  queue.letters = [
    ...sampleLetters(1, 2, 3, 4, 5),
    sampleLetter(6, { queueId: 'r' }),
    sampleLetter(7, { queueId: 'r', bytes: Buffer.alloc(5000) }),
  ]
  const { sent, run } = replaying(queue, { maxBatchBytes: 600 })
  t.same((await run()).at(-1), { delivered: 7, refused: 0 })
  t.same(
    sent.map(({ queueId, seqs }) => [queueId, seqs]),
    [
      ['q', [[1, 2]]],
      ['q', [[3, 4]]],
      ['q', [[5, 5]]],
      ['r', [[6, 6]]],
      ['r', [[7, 7]]],
    ],
  )
})

t.test('only what was selected, and nothing that came later', async (t) => {
  const odd = (seq: number) => sampleLetter(seq, { reason: 'odd' })
  const letters = [sampleLetter(1), odd(2), sampleLetter(3), odd(4), sampleLetter(5)]
  const sentWith = async (options: Options) => {
    const queue = new FakeQueue()
    queue.letters = letters
    const { sent, run } = replaying(queue, options)
    await run()
    return sent.flatMap(({ seqs }) => seqs)
  }
  t.same(await sentWith({ selection: { group: groupIdOf('MESSAGE_TOO_LARGE', 'odd') } }), [
    [2, 2],
    [4, 4],
  ])
  t.same(await sentWith({ selection: { seq: 3 } }), [[3, 3]])
  t.same(await sentWith({ through: 2 }), [[1, 2]])
  t.same(await sentWith({ through: -1 }), [])
  t.same(await sentWith({ signal: AbortSignal.abort() }), [])
})
