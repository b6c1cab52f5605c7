import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { type Test, test } from 'tap'
import type { SeqRange, StoredBatch } from '../../src/core/batch.ts'
import { RelayError } from '../../src/core/errors.ts'
import type { Outcome } from '../../src/core/sink.ts'
import { Forwarder } from '../../src/delivery/forwarder.ts'
import { Backoff } from '../../src/retry/backoff.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { seqsOf } from '../support/sink-batches.ts'
import { MemoryReader } from '../support/sink-memory-reader.ts'
import { ScriptedSink } from '../support/sink-scripted.ts'

const never = new AbortController().signal
const closed = new RelayError('ENDPOINT_CLOSED', 'connection to tcp://siem:601 lost: closed by the peer')
const retry = (afterMs?: number, delivered: Outcome['delivered'] = []): Outcome => ({
  delivered,
  rejected: [],
  retry: { error: closed, afterMs },
})

function setup(t: Test, { initialMs = 1 } = {}) {
  const reader = new MemoryReader()
  const sink = new ScriptedSink('tcp://siem:601')
  const logger = new RecordingLogger()
  const forwarder = new Forwarder({
    pipelineName: 'nginx',
    sinkName: 'siem',
    sinkType: 'syslog',
    reader,
    sink,
    backoff: new Backoff({ initialMs, maxMs: 300_000 }, () => 0),
    maxBatchBytes: 1024,
    queued: () => reader.queued(),
    logger,
  })
  t.teardown(() => forwarder.stop(AbortSignal.abort()))
  return { reader, sink, logger, forwarder }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn()
}

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
  sink.answers.push(retry(0, [[0, 1]]), retry(0), retry(0))
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

test('more is sent while the fate of what was sent is open; it is settled when that is known', async (t) => {
  const { reader, sink, forwarder } = setup(t)
  const answers = [open([[0, 1]]), open([[2, 4]])] as const
  sink.answers.push(...answers.map(({ outcome }) => outcome))
  reader.add(2)
  reader.add(3)
  await forwarder.start()
  await until(() => forwarder.status().unsettled === 5)
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
  const { reader, sink, forwarder } = setup(t)
  const answers = [open([[0, 1]]), open([[2, 4]])] as const
  sink.answers.push(...answers.map(({ outcome }) => outcome))
  reader.add(2)
  reader.add(3)
  await forwarder.start()
  await until(() => forwarder.status().unsettled === 5)
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
  const { reader, sink, forwarder } = setup(t)
  const answers = [open([[0, 1]]), open([[2, 4]])] as const
  sink.answers.push(...answers.map(({ outcome }) => outcome))
  reader.add(2)
  reader.add(3)
  await forwarder.start()
  await until(() => forwarder.status().unsettled === 5)
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
