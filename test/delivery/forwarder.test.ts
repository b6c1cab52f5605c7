import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'tap'
import type { StoredBatch } from '../../src/core/batch.ts'
import { RelayError } from '../../src/core/errors.ts'
import type { Outcome } from '../../src/core/sink.ts'
import { seqsOf } from '../support/sink-batches.ts'
import { never, retry, setup, until } from './forwarding.ts'

test('leases, sends, settles and releases, in order', async (t) => {
  const { reader, forwarder } = setup(t)
  const before = [...reader.add(3), ...reader.add(2)]
  t.equal(forwarder.status().state, 'stopped')
  await forwarder.start()
  await until(() => reader.queued() === 0)
  const after = reader.add(4)
  await until(() => reader.queued() === 0)
  t.same(reader.delivered, [...before, ...after])
  await until(() => forwarder.status().state === 'idle')
  t.ok(forwarder.status().lastDeliveredAtMs)
  await forwarder.stop(never)
  t.equal(reader.out, 0, 'no lease is left out')
  t.equal(forwarder.status().state, 'stopped')
})

test('the next lease is made while a batch is sent', async (t) => {
  const { reader, sink, forwarder } = setup(t)
  const answer = Promise.withResolvers<Outcome>()
  sink.answers.push(answer.promise)
  reader.add(1)
  reader.add(1)
  await forwarder.start()
  await until(() => sink.sent.length === 1)
  await turn()
  t.equal(reader.out, 2)
  t.equal(forwarder.status().state, 'sending')
  answer.resolve({ delivered: [[0, 0]], rejected: [] })
  await until(() => reader.queued() === 0)
  await forwarder.stop(never)
})

test('a retry: what was done is settled, the rest is sent first, in order, and said once', async (t) => {
  const { reader, sink, logger, forwarder } = setup(t)
  sink.answers.push(retry(1, [[0, 1]]), retry(1), retry(1))
  const all = [...reader.add(4), ...reader.add(3)]
  await forwarder.start()
  await until(() => reader.queued() === 0)
  await until(() => forwarder.status().error === undefined)
  t.same(reader.delivered, all, 'none twice, none before another')
  t.same(
    sink.sent.map(({ seqs }) => seqsOf(seqs)[0]),
    [0, 2, 2, 2, 4],
  )
  t.same(logger.messages('warn'), [
    'sink siem of pipeline nginx: connection to tcp://siem:601 lost: closed by the peer; next try in 0 s, 5 messages wait on disk',
  ])
  t.equal(logger.messages('debug').length, 2, 'the other tries are for debugging')
  t.equal(logger.messages('info').length, 1)
  t.match(logger.messages('info')[0], /^sink siem of pipeline nginx: delivers again after 0 s, \d messages wait$/)
})

test('what is to be sent again at once is said at debug level alone, and is no reason to be silent about a failure', async (t) => {
  const { reader, sink, logger, forwarder } = setup(t)
  sink.answers.push(retry(0), retry(1))
  reader.add(2)
  await forwarder.start()
  await until(() => reader.queued() === 0)
  await until(() => forwarder.status().error === undefined)
  t.match(logger.messages('debug'), [/next try in 0 s/])
  t.equal(logger.messages('warn').length, 1)
  t.equal(logger.messages('info').length, 1)
})

test('while it backs off nothing is leased, the status says when it goes on, and a stop ends it at once', async (t) => {
  const { reader, sink, forwarder } = setup(t, { initialMs: 200_000 })
  sink.answers.push(retry())
  reader.add(2)
  reader.add(2)
  await forwarder.start()
  await until(() => forwarder.status().state === 'backing_off')
  t.equal(reader.out, 0)
  const status = forwarder.status()
  t.match(status.error, { code: 'ENDPOINT_CLOSED' })
  t.ok((status.retryAtMs ?? 0) - (status.failingSinceMs ?? 0) >= 100_000)
  await forwarder.drain(never)
  await forwarder.stop(never)
  await forwarder.stop(never)
  t.equal(reader.queued(), 4)
})

test('the back-off begins again after a delivery', async (t) => {
  const { reader, sink, logger, forwarder } = setup(t, { initialMs: 2 })
  sink.answers.push(retry(), retry(), retry(undefined, [[0, 0]]))
  reader.add(2)
  await forwarder.start()
  await until(() => reader.queued() === 0)
  const waits = logger.lines.filter(({ fields }) => 'retryInMs' in fields).map(({ fields }) => fields.retryInMs)
  t.same(waits, [1, 2, 1])
})

test('the back-off begins again after an answer that refused everything', async (t) => {
  const { reader, sink, logger, forwarder } = setup(t, { initialMs: 2 })
  const error = new RelayError('MESSAGE_TOO_LARGE', '70000 bytes do not fit')
  sink.answers.push(retry(), retry(), { delivered: [], rejected: [{ seqs: [0, 0], error }] }, retry())
  reader.add(1)
  reader.add(1)
  await forwarder.start()
  await until(() => reader.queued() === 0)
  const waits = logger.lines.filter(({ fields }) => 'retryInMs' in fields).map(({ fields }) => fields.retryInMs)
  t.same(waits, [1, 2, 1])
})

test('rejected messages are settled and said once a batch', async (t) => {
  const { reader, sink, logger, forwarder } = setup(t)
  const error = new RelayError('MESSAGE_TOO_LARGE', '70000 bytes do not fit')
  sink.answers.push({ delivered: [[0, 0]], rejected: [{ seqs: [1, 2], error }] })
  reader.add(3)
  await forwarder.start()
  await until(() => reader.queued() === 0)
  t.same(reader.rejected, [{ seqs: [1, 2], error }])
  t.match(logger.messages('error'), [/^sink siem of pipeline nginx: 2 messages cannot be delivered and are now dead letters: 70000 bytes/])
})

test('stop lets the send in flight finish', async (t) => {
  const { reader, sink, forwarder } = setup(t)
  const answer = Promise.withResolvers<Outcome>()
  sink.answers.push(answer.promise)
  reader.add(1)
  reader.add(1)
  await forwarder.start()
  await until(() => sink.sent.length === 1)
  const stopped = forwarder.stop(never)
  answer.resolve({ delivered: [[0, 0]], rejected: [] })
  await stopped
  t.same(reader.delivered, [0], 'it is settled, and no other begun')
  t.equal(reader.out, 0)
})

test('stop aborts the send at the deadline', async (t) => {
  const { reader, sink, forwarder, logger } = setup(t)
  sink.answers.push(async (_batch: StoredBatch, signal: AbortSignal) => {
    await once(signal, 'abort')
    return retry()
  })
  reader.add(1)
  await forwarder.start()
  await until(() => sink.sent.length === 1)
  const deadline = new AbortController()
  const stopped = forwarder.stop(deadline.signal)
  deadline.abort()
  await stopped
  t.same([reader.queued(), reader.out], [1, 0])
  t.same(logger.lines, [], 'a stop is no failure')
})

test('stop does not wait beyond its deadline for a queue that cannot settle', async (t) => {
  const { reader, forwarder } = setup(t)
  reader.settling = new Promise(() => {})
  reader.add(1)
  reader.add(1)
  await forwarder.start()
  await until(() => reader.settles.length === 2)
  const deadline = new AbortController()
  const stopped = forwarder.stop(deadline.signal)
  deadline.abort()
  await stopped
  t.equal(forwarder.status().state, 'stopped')
})

test('drain delivers what is queued, and ends when it is empty, when the sink fails, and at the deadline', async (t) => {
  const { reader, sink, forwarder } = setup(t, { initialMs: 200_000 })
  await forwarder.drain(never)
  await forwarder.start()
  reader.add(3)
  reader.add(3)
  await forwarder.drain(never)
  t.equal(reader.queued(), 0)
  await forwarder.drain(never)
  const answer = Promise.withResolvers<Outcome>()
  sink.answers.push(answer.promise)
  reader.add(1)
  await forwarder.drain(AbortSignal.abort())
  t.equal(reader.queued(), 1)
  const drained = forwarder.drain(never)
  answer.resolve(retry())
  await drained
  t.equal(forwarder.status().state, 'backing_off')
})

test('a sink that breaks the rules is a failure that is said, not a loop', async (t) => {
  const { reader, sink, logger, forwarder } = setup(t)
  sink.answers.push({ delivered: [], rejected: [] }, async () => Promise.reject(new Error('boom')))
  reader.add(1)
  await forwarder.start()
  await until(() => reader.queued() === 0)
  t.match(logger.messages('error'), [/the sink answered for 0 of 1 messages/])
  t.match(logger.messages('debug'), [/boom/])
})

test('a queue that cannot be read is tried again', async (t) => {
  const { reader, logger, forwarder } = setup(t)
  reader.failure = new Error('LEVEL_IO_ERROR')
  reader.add(1)
  await forwarder.start()
  await until(() => reader.queued() === 0)
  t.match(logger.messages('warn'), [/cannot read the queue: LEVEL_IO_ERROR/])
})

/** An answer for all of a batch whose fate is open, and what decides it. */
