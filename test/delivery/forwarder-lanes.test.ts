import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { type Test, test } from 'tap'
import type { StoredBatch } from '../../src/core/batch.ts'
import type { Outcome } from '../../src/core/sink.ts'
import type { ScriptedSink } from '../support/sink-scripted.ts'
import { closed, never, retry, setup, until } from './forwarding.ts'

const first = ({ seqs }: StoredBatch) => seqs[0]?.[0]

/** The next send stays open until it is answered. */
function held(sink: ScriptedSink) {
  const answer = Promise.withResolvers<Outcome>()
  let batch: StoredBatch | undefined
  sink.answers.push((sent) => {
    batch = sent
    return answer.promise
  })
  return { answer: answer.resolve, deliver: () => answer.resolve({ delivered: batch?.seqs ?? [], rejected: [] }) }
}

/** Batches of one message each, of which the first `count` are being sent. */
async function sending(t: Test, count: number, { lanes = count, batches = count, initialMs = 1 } = {}) {
  const made = setup(t, { lanes, initialMs })
  const sends = Array.from({ length: count }, () => held(made.sink))
  for (let i = 0; i < batches; i++) made.reader.add(1)
  await made.forwarder.start()
  await until(() => made.sink.sent.length === count)
  return { ...made, sends }
}

test('as many sends at a time as there are lanes, leased in order, and one lease ahead', async (t) => {
  const { reader, sink, forwarder, sends } = await sending(t, 3, { batches: 6 })
  for (let turns = 0; turns < 20; turns++) await turn()
  t.same(sink.sent.map(first), [0, 1, 2])
  t.equal(reader.out, 4)
  t.equal(forwarder.status().state, 'sending')
  sends[1]?.deliver()
  await until(() => reader.queued() === 2)
  t.same(sink.sent.map(first), [0, 1, 2, 3, 4, 5], 'the lane that is free takes all that comes')
  sends[0]?.deliver()
  sends[2]?.deliver()
  await until(() => reader.queued() === 0 && forwarder.status().state === 'idle')
  await forwarder.stop(never)
  t.equal(reader.out, 0)
})

test('while the queue cannot settle at most two more batches are held than there are lanes', async (t) => {
  const { reader, sink, forwarder } = setup(t, { lanes: 3 })
  const settled = Promise.withResolvers<void>()
  reader.settling = settled.promise
  for (let i = 0; i < 20; i++) reader.add(1)
  await forwarder.start()
  let most = 0
  for (let turns = 0; turns < 50; turns++) {
    await turn()
    most = Math.max(most, reader.out)
  }
  t.equal(most, 5)
  t.ok(sink.sent.length < 6)
  settled.resolve()
  await until(() => reader.queued() === 0)
})

test('nor more when one of them had nothing to settle', async (t) => {
  const { reader, sink, forwarder } = setup(t, { lanes: 2 })
  const settled = Promise.withResolvers<void>()
  reader.settling = settled.promise
  const fate = Promise.withResolvers<Omit<Outcome, 'unsettled'>>()
  sink.answers.push(
    { delivered: [[0, 0]], rejected: [] },
    { delivered: [], rejected: [], unsettled: { seqs: [[1, 1]], outcome: fate.promise } },
  )
  for (let i = 0; i < 10; i++) reader.add(1)
  await forwarder.start()
  for (let turns = 0; turns < 50; turns++) await turn()
  t.same(sink.sent.map(first), [0, 1, 2], 'the third is not settled before the first is')
  settled.resolve()
  fate.resolve({ delivered: [[1, 1]], rejected: [] })
  await until(() => reader.queued() === 0)
})

test('a retry in one lane: its messages come again before anything newer, and nobody waits for the other lanes', async (t) => {
  const { reader, sink, sends, logger } = await sending(t, 2, { batches: 5 })
  const hanging = sends[0]
  sends[1]?.answer(retry(0))
  await until(() => reader.queued() === 1)
  t.same(sink.sent.map(first), [0, 1, 1, 2, 3, 4])
  hanging?.deliver()
  await until(() => reader.queued() === 0)
  t.match(logger.messages('debug'), [/closed by the peer; next try in 0 s/, /delivers again/])
  t.same(logger.messages('warn'), [], 'what goes to another endpoint at once is the trouble of nobody')
})

test('a retry while nothing else is queued is sent again', async (t) => {
  const { reader, sends, sink } = await sending(t, 1, { lanes: 3 })
  sends[0]?.answer(retry(0))
  await until(() => reader.queued() === 0)
  t.same(sink.sent.map(first), [0, 0])
})

test('retries in several lanes: what comes back is sent again in order', async (t) => {
  const { reader, sink, sends } = await sending(t, 3, { batches: 6 })
  sends[2]?.answer(retry(0))
  sends[0]?.answer(retry(0))
  sends[1]?.answer(retry(0))
  await until(() => reader.queued() === 0)
  t.same(sink.sent.map(first), [0, 1, 2, 0, 1, 2, 3, 4, 5])
})

test('a back-off begins nothing, and the other lanes finish meanwhile', async (t) => {
  const { reader, sink, forwarder, sends } = await sending(t, 2, { batches: 4, initialMs: 200_000 })
  sends[1]?.answer(retry())
  await until(() => forwarder.status().state === 'backing_off')
  sends[0]?.deliver()
  await until(() => reader.queued() === 3)
  for (let turns = 0; turns < 20; turns++) await turn()
  t.equal(sink.sent.length, 2)
  t.equal(reader.out, 0)
  await forwarder.stop(never)
  t.equal(reader.queued(), 3)
})

test('a drain goes on when an endpoint hands over to the others, and flushes when no lane sends', async (t) => {
  const { reader, sink, forwarder, sends } = await sending(t, 2, { batches: 3 })
  const drained = forwarder.drain(never)
  sends[1]?.answer(retry(0))
  const fate = Promise.withResolvers<Omit<Outcome, 'unsettled'>>()
  sink.onFlush = () => fate.resolve({ delivered: [[0, 0]], rejected: [] })
  await until(() => reader.queued() === 1)
  t.same(sink.calls, [], 'one lane is busy')
  sends[0]?.answer({ delivered: [], rejected: [], unsettled: { seqs: [[0, 0]], outcome: fate.promise } })
  await drained
  t.equal(reader.queued(), 0)
  t.same(sink.calls, ['flush'])
})

test('a drain waits for an endpoint that takes over', async (t) => {
  const { reader, sink, forwarder, sends } = await sending(t, 2)
  let looks = 0
  const queued = reader.queued.bind(reader)
  reader.queued = () => {
    looks++
    return queued()
  }
  const takesOver = held(sink)
  sends[0]?.answer(retry(0))
  await until(() => sink.sent.length === 3)
  let isDrained = false
  const drained = forwarder.drain(never).then(() => {
    isDrained = true
  })
  looks = 0
  await until(() => looks > 2 || isDrained)
  t.notOk(isDrained)
  takesOver.deliver()
  sends[1]?.deliver()
  await drained
  t.equal(reader.queued(), 0)
})

test('stop lets every lane finish, and begins no other', async (t) => {
  const { reader, sink, forwarder, sends } = await sending(t, 3, { batches: 6 })
  let isStopped = false
  const stopped = forwarder.stop(never).then(() => {
    isStopped = true
  })
  for (const { deliver } of sends.toReversed()) {
    for (let turns = 0; turns < 5; turns++) await turn()
    t.notOk(isStopped)
    deliver()
  }
  await stopped
  t.same([sink.sent.length, reader.queued(), reader.out], [3, 3, 0])
})

test('stop aborts every lane at the deadline', async (t) => {
  const { reader, sink, forwarder, logger } = setup(t, { lanes: 3 })
  for (let i = 0; i < 5; i++) {
    reader.add(1)
    sink.answers.push(async (_batch, signal) => {
      await once(signal, 'abort')
      return retry()
    })
  }
  await forwarder.start()
  await until(() => sink.sent.length === 3)
  const deadline = new AbortController()
  const stopped = forwarder.stop(deadline.signal)
  await turn()
  deadline.abort()
  await stopped
  t.same([sink.sent.length, reader.queued(), reader.out], [3, 5, 0])
  t.same(logger.lines, [], 'a stop is no failure')
})

test('the death of a connection with batches open beside a busy lane', async (t) => {
  const { reader, sink, forwarder } = setup(t, { lanes: 2 })
  const fates = [0, 1].map(() => Promise.withResolvers<Omit<Outcome, 'unsettled'>>())
  for (const [i, { promise }] of fates.entries()) {
    sink.answers.push({ delivered: [], rejected: [], unsettled: { seqs: [[i, i]], outcome: promise } })
  }
  const busy = held(sink)
  for (let i = 0; i < 3; i++) reader.add(1)
  await forwarder.start()
  await until(() => sink.sent.length === 3 && forwarder.status().unsettled === 2)
  for (const { resolve } of fates.toReversed()) resolve({ delivered: [], rejected: [], retry: { error: closed, afterMs: 0 } })
  await until(() => reader.queued() === 1)
  t.same(sink.sent.map(first), [0, 1, 2, 0, 1])
  t.match(forwarder.status(), { resent: 2, unsettled: 0 })
  busy.deliver()
  await until(() => reader.queued() === 0)
})
