import { setImmediate as turn } from 'node:timers/promises'
import { type Test, test } from 'tap'
import type { SeqRange, StoredBatch } from '../../src/core/batch.ts'
import { RelayError } from '../../src/core/errors.ts'
import type { Outcome } from '../../src/core/sink.ts'
import { closed, never, retry, setup, until } from './forwarding.ts'

function open(seqs: readonly SeqRange[]) {
  const fate = Promise.withResolvers<Omit<Outcome, 'unsettled'>>()
  const outcome: Outcome = { delivered: [], rejected: [], unsettled: { seqs, outcome: fate.promise } }
  return {
    outcome,
    read: () => fate.resolve({ delivered: seqs, rejected: [] }),
    lost: (error = closed) => fate.resolve({ delivered: [], rejected: [], retry: { error, afterMs: 0 } }),
    fate,
  }
}

const first = (batches: readonly StoredBatch[]) => batches.map(({ seqs }) => seqs[0]?.[0])

/** A batch of two messages and one of three were sent; the fate of both is open. */
async function twoOpen(t: Test) {
  const made = setup(t)
  const answers = [open([[0, 1]]), open([[2, 4]])] as const
  made.sink.answers.push(...answers.map(({ outcome }) => outcome))
  made.reader.add(2)
  made.reader.add(3)
  await made.forwarder.start()
  await until(() => made.forwarder.status().unsettled === 5)
  return { ...made, answers }
}

test('more is sent while the fate of what was sent is open; it is settled when that is known', async (t) => {
  const { reader, forwarder, answers } = await twoOpen(t)
  t.same([reader.queued(), reader.forgotten], [5, 2], 'they are queued still, their bytes are let go of')
  t.equal(forwarder.status().lastDeliveredAtMs, undefined)
  answers[1].read()
  await until(() => reader.queued() === 2)
  answers[0].read()
  await until(() => reader.queued() === 0 && reader.out === 0)
  t.match(forwarder.status(), { unsettled: 0, resent: 0, lastDeliveredAtMs: Number })
})

test('what a dead peer may not have read is sent again, first and in order, and counted', async (t) => {
  const { reader, sink, forwarder } = setup(t)
  const answers = [open([[0, 1]]), open([[2, 4]]), open([[5, 5]])] as const
  sink.answers.push(...answers.map(({ outcome }) => outcome))
  for (const count of [2, 3, 1]) reader.add(count)
  await forwarder.start()
  await until(() => forwarder.status().unsettled === 6)
  // A lease made ahead is waited for; it must not overtake what comes back.
  answers[0].read()
  answers[2].lost()
  answers[1].fate.resolve({ delivered: [[2, 2]], rejected: [], retry: { error: closed, afterMs: 0 } })
  reader.add(4)
  await until(() => reader.queued() === 0)
  t.same(first(sink.sent), [0, 2, 5, 3, 5, 6])
  t.equal(forwarder.status().resent, 3, 'two of the second, one of the third')
})

test('a send in flight beside it comes after what was sent before', async (t) => {
  const { reader, sink, forwarder } = setup(t)
  const answer = open([[0, 1]])
  const inFlight = Promise.withResolvers<Outcome>()
  sink.answers.push(answer.outcome, inFlight.promise)
  for (const count of [2, 3, 1]) reader.add(count)
  await forwarder.start()
  await until(() => sink.sent.length === 2)
  inFlight.resolve(retry(0))
  answer.lost()
  await until(() => reader.queued() === 0)
  t.same(first(sink.sent), [0, 2, 0, 2, 5])
})

test('only a delivery begins the back-off again: that something was written does not', async (t) => {
  const { reader, sink, logger, forwarder } = setup(t, { initialMs: 2 })
  for (const lost of [true, true, false, true]) {
    sink.answers.push(async ({ seqs }) => {
      const [one] = seqs as [SeqRange]
      const delivered: SeqRange[] = lost ? [] : [[one[0], one[0]]]
      const fate = Promise.resolve({ delivered, rejected: [], retry: { error: closed } })
      return { delivered: [], rejected: [], unsettled: { seqs, outcome: fate } }
    })
  }
  reader.add(2)
  await forwarder.start()
  await until(() => reader.queued() === 0)
  const waits = logger.lines.filter(({ fields }) => 'retryInMs' in fields).map(({ fields }) => fields.retryInMs)
  t.same(waits, [1, 2, 1, 2])
})

test('nothing is sent again before all that a death brings back is there', async (t) => {
  const { reader, sink, forwarder, answers } = await twoOpen(t)
  const settled = Promise.withResolvers<void>()
  reader.settling = settled.promise
  answers[0].lost()
  // A few promises later than the first, as through a sink of several endpoints.
  for (let i = 0; i < 10; i++) await Promise.resolve()
  answers[1].fate.resolve({ delivered: [[2, 2]], rejected: [], retry: { error: closed, afterMs: 0 } })
  for (let turns = 0; turns < 20; turns++) {
    await turn()
    t.not(forwarder.status().state, 'backing_off')
  }
  settled.resolve()
  await until(() => reader.queued() === 0)
  t.same(first(sink.sent), [0, 2, 0, 3])
})

test('what was refused is settled at once, while it still has its bytes', async (t) => {
  const { reader, sink, forwarder } = setup(t)
  const answer = open([[0, 0]])
  const error = new RelayError('INTERNAL', 'cannot be formatted')
  sink.answers.push({ ...answer.outcome, rejected: [{ seqs: [1, 1], error }] })
  reader.add(2)
  await forwarder.start()
  await until(() => reader.queued() === 1)
  t.same(reader.rejected, [{ seqs: [1, 1], error }])
  answer.read()
  await until(() => reader.queued() === 0)
})

test('batches whose fate is open are bounded in number', async (t) => {
  const { reader, sink, forwarder } = setup(t)
  const answers = Array.from({ length: 1100 }, (_, i) => open([[i, i]]))
  sink.answers.push(...answers.map(({ outcome }) => outcome))
  for (const _ of answers) reader.add(1)
  await forwarder.start()
  await until(() => sink.sent.length === 1024)
  for (let turns = 0; turns < 20; turns++) await turn()
  t.equal(sink.sent.length, 1024)
  answers[700]?.read()
  await until(() => sink.sent.length === 1025)
  for (const { read } of answers) read()
  await until(() => reader.queued() === 0)
})

test('a stop flushes the sink, settles what that brings, and leaves the rest in the queue at its deadline', async (t) => {
  const { reader, sink, forwarder, answers } = await twoOpen(t)
  const deadline = new AbortController()
  sink.onFlush = () => answers[0].read()
  const stopped = forwarder.stop(deadline.signal)
  await until(() => reader.queued() === 3)
  deadline.abort()
  await stopped
  t.same(sink.calls, ['flush'])
  t.same([reader.queued(), reader.out], [3, 0])
  answers[1].read()
  await turn()
  t.equal(reader.queued(), 3, 'what is known later is not settled any more')
})

test('a drain flushes the sink once nothing else is left', async (t) => {
  const { reader, sink, forwarder } = setup(t)
  const answers = [open([[0, 1]]), open([[2, 4]])] as const
  sink.answers.push(...answers.map(({ outcome }) => outcome))
  reader.add(2)
  reader.add(3)
  await forwarder.start()
  sink.onFlush = () => {
    t.equal(sink.sent.length, 2)
    for (const { read } of answers) read()
  }
  await forwarder.drain(never)
  t.equal(reader.queued(), 0)
  t.same(sink.calls, ['flush'])
})

test('a fate that leaves messages out is a failure that is said, not a loss', async (t) => {
  const { reader, sink, logger, forwarder } = setup(t)
  const answer = open([[0, 2]])
  sink.answers.push(answer.outcome)
  reader.add(3)
  await forwarder.start()
  answer.fate.resolve({ delivered: [[0, 1]], rejected: [] })
  await until(() => reader.queued() === 0)
  t.same(reader.delivered, [0, 1, 2])
  t.match(logger.messages('error'), [/answered for 2 of 3 messages/])
})

test('a failing sink is well when the fate of what was sent says so, not when it was sent', async (t) => {
  const { reader, sink, logger, forwarder } = setup(t)
  const answers = [open([[0, 0]]), open([[0, 0]])] as const
  sink.answers.push(retry(1), ...answers.map(({ outcome }) => outcome))
  reader.add(1)
  await forwarder.start()
  await until(() => forwarder.status().unsettled === 1)
  t.ok(forwarder.status().error, 'nothing is known yet')
  answers[0].lost()
  await until(() => sink.sent.length === 3 && forwarder.status().unsettled === 1)
  t.ok(forwarder.status().failingSinceMs)
  t.same(logger.messages('info'), [])
  answers[1].read()
  await until(() => forwarder.status().error === undefined)
  t.match(logger.messages('info'), [/delivers again/])
})
