import { test } from 'tap'
import type { StoredBatch } from '../../src/core/batch.ts'
import { RelayError } from '../../src/core/errors.ts'
import type { Outcome } from '../../src/core/sink.ts'
import { BalancedSink } from '../../src/delivery/balanced-sink.ts'
import { Backoff } from '../../src/retry/backoff.ts'
import { sinkConformance } from '../conformance/sink-conformance.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { checkOutcome, seqsOf } from '../support/sink-batches.ts'
import { countedMessages, StreamReceiver } from '../support/sink-receiver.ts'
import { ScriptedSink } from '../support/sink-scripted.ts'
import { balanced, batchOf, down, never, seqs, streamEndpoint } from './balancing.ts'

for (const balance of ['failover', 'round_robin', 'least_loaded'] as const) {
  sinkConformance(`two endpoints, ${balance}`, async (t, format) => {
    const receivers = [new StreamReceiver(), new StreamReceiver()]
    const logger = new RecordingLogger()
    const endpoints = []
    for (const receiver of receivers) {
      await receiver.listen()
      t.teardown(() => receiver.close())
      endpoints.push({ sink: streamEndpoint(receiver, logger, format), backoff: new Backoff({ initialMs: 0, maxMs: 0 }) })
    }
    // But for failover the batches are spread over both: by number they are in order again.
    const received = () =>
      receivers
        .flatMap(({ bytes }) => countedMessages(bytes))
        .sort((a, b) => Number(/\d+ /.exec(a.slice(4))) - Number(/\d+ /.exec(b.slice(4))))
    return {
      sink: new BalancedSink(endpoints, { balance, logger }),
      received: async (atLeast) => {
        await Promise.race(receivers.map((receiver) => receiver.until(() => received().length >= atLeast)))
        return received()
      },
      break: async () => {
        for (const receiver of receivers) await receiver.close()
      },
      repair: async () => {
        for (const receiver of receivers) await receiver.listen()
      },
      stall: () => {
        for (const receiver of receivers) receiver.paused = true
      },
    }
  })
}

test('failover: the first that works, and back to it when its wait is over', async (t) => {
  const a = new ScriptedSink('a')
  const b = new ScriptedSink('b')
  const { sink, clock } = balanced('failover', a, b)
  a.answers.push(down('a'))
  const batch = batchOf(0, 3)
  const outcome = await sink.send(batch, never)
  checkOutcome(t, batch, outcome)
  t.same(outcome, { delivered: [[0, 2]], rejected: [] }, 'nobody hears of it')
  t.match(sink.endpoints(), [
    { endpoint: 'a', state: 'backing_off', retryAtMs: clock.ms + 500, error: { message: 'a refused' } },
    { endpoint: 'b' },
  ])
  await sink.send(batchOf(3, 1), never)
  t.equal(a.sent.length, 1, 'it is left alone while it waits')
  clock.ms += 500
  await sink.send(batchOf(4, 1), never)
  t.same(a.sent.map(seqs), [[0, 1, 2], [4]])
  t.same(b.sent.map(seqs), [[0, 1, 2], [3]])
  t.match(sink.endpoints()[0], { endpoint: 'a', state: 'connected' })
})

test('round robin: each in turn, those that wait left out', async (t) => {
  const sinks = ['a', 'b', 'c'].map((name) => new ScriptedSink(name))
  const [a, b, c] = sinks as [ScriptedSink, ScriptedSink, ScriptedSink]
  const { sink } = balanced('round_robin', a, b, c)
  b.answers.push(down('b'))
  for (let i = 0; i < 6; i++) t.same((await sink.send(batchOf(i, 1), never)).delivered, [[i, i]])
  t.same(a.sent.map(seqs), [[0], [3], [5]])
  t.same(b.sent.map(seqs), [[1]])
  t.same(c.sent.map(seqs), [[1], [2], [4]])
})

test('what one could not deliver goes to the others, and only that', async (t) => {
  const a = new ScriptedSink('a')
  const b = new ScriptedSink('b')
  const { sink } = balanced('failover', a, b)
  const refused = new RelayError('MESSAGE_TOO_LARGE', 'too large')
  a.answers.push({
    delivered: [
      [0, 3],
      [6, 6],
    ],
    rejected: [{ seqs: [4, 4], error: refused }],
    retry: { error: new RelayError('ENDPOINT_CLOSED', 'reset') },
  })
  const batch = batchOf(0, 10)
  const outcome = await sink.send(batch, never)
  checkOutcome(t, batch, outcome)
  t.same(b.sent.map(seqs), [[5, 7, 8, 9]])
  t.same(seqsOf(outcome.delivered).sort(), [0, 1, 2, 3, 5, 6, 7, 8, 9])
  t.same(outcome.rejected, [{ seqs: [4, 4], error: refused }])
  t.equal(outcome.retry, undefined)
})

test('when all wait: a retry as soon as the first may be tried, each with a back-off of its own', async (t) => {
  const a = new ScriptedSink('a')
  const b = new ScriptedSink('b')
  const { sink, clock } = balanced('failover', a, b)
  a.answers.push(down('a'), down('a'))
  b.answers.push(down('b'))
  const first = await sink.send(batchOf(0, 1), never)
  t.match(first.retry, {
    error: { code: 'ENDPOINTS_BACKING_OFF', message: 'no endpoint takes messages: a refused; b refused' },
    afterMs: 500,
  })
  clock.ms += 100
  t.match(await sink.send(batchOf(0, 1), never), { delivered: [], retry: { afterMs: 400 } })
  t.same([a.sent.length, b.sent.length], [1, 1], 'nobody is asked before its time')
  clock.ms += 400
  t.same((await sink.send(batchOf(0, 1), never)).delivered, [[0, 0]], 'b again, after a failed a second time')
  t.match(sink.endpoints()[0], { state: 'backing_off', retryAtMs: clock.ms + 1000 })
})

test('a back-off begins again after a delivery', async (t) => {
  const a = new ScriptedSink('a')
  const { sink, clock } = balanced('failover', a)
  const partly: Outcome = { ...down('a'), delivered: [[0, 0]] }
  a.answers.push(down('a'), down('a'), partly, down('a'))
  const waits = []
  for (let i = 0; i < 4; i++) {
    const { retry } = await sink.send(batchOf(0, 2), never)
    waits.push(retry?.afterMs)
    clock.ms += retry?.afterMs ?? 0
  }
  t.same(waits, [500, 1000, 500, 1000])
})

test('a single endpoint answers with its own error and its own wish', async (t) => {
  const a = new ScriptedSink('a')
  const { sink } = balanced('failover', a)
  const error = new RelayError('ENDPOINT_TLS', 'expired')
  a.answers.push({ delivered: [], rejected: [], retry: { error, afterMs: 77 } })
  t.same((await sink.send(batchOf(0, 1), never)).retry, { error, afterMs: 77 })
})

test('an abort is nobody’s failure', async (t) => {
  const a = new ScriptedSink('a')
  const b = new ScriptedSink('b')
  const { sink } = balanced('failover', a, b)
  a.answers.push(down('a'))
  const batch = batchOf(0, 2)
  const outcome = await sink.send(batch, AbortSignal.abort())
  checkOutcome(t, batch, outcome)
  t.ok(outcome.retry)
  t.same(b.sent, [])
  t.equal(sink.endpoints()[0]?.state, 'connected')
})

test('it starts and stops them all', async (t) => {
  const a = new ScriptedSink('a')
  const b = new ScriptedSink('b')
  const { sink } = balanced('failover', a, b)
  await sink.start()
  await sink.stop(never)
  t.same(
    [a.calls, b.calls],
    [
      ['start', 'stop'],
      ['start', 'stop'],
    ],
  )
})

const openFor = ({ seqs }: StoredBatch, fate: Promise<Omit<Outcome, 'unsettled'>>): Outcome => ({
  delivered: [],
  rejected: [],
  unsettled: { seqs, outcome: fate },
})

test('what was written is neither a success nor a failure of an endpoint until its fate is known', async (t) => {
  const [a, b] = [new ScriptedSink('a'), new ScriptedSink('b')]
  const { sink, clock } = balanced('failover', a, b)
  const fates = [Promise.withResolvers<Outcome>(), Promise.withResolvers<Outcome>()] as const
  const batches = [batchOf(0, 3), batchOf(3, 3)] as const
  a.answers.push(openFor(batches[0], fates[0].promise), openFor(batches[1], fates[1].promise))
  const outcomes = [await sink.send(batches[0], never), await sink.send(batches[1], never)] as const
  t.same(
    outcomes.map(({ delivered, unsettled }) => [delivered, unsettled?.seqs]),
    batches.map(({ seqs }) => [[], seqs]),
  )
  // The death of a connection is one failure, however many batches were open on it.
  const death = down('a')
  for (const { resolve } of fates) resolve(death)
  const known = await Promise.all(outcomes.map(({ unsettled }) => unsettled?.outcome))
  t.same(
    known.map((fate) => fate?.retry?.afterMs),
    [0, 0],
    'the other endpoint may be tried at once',
  )
  t.match(sink.endpoints()[0], { state: 'backing_off', retryAtMs: clock.ms + 500 })
  await sink.send(batches[0], never)
  t.equal(b.sent.length, 1)
})

test('a connection that dies in the middle of a batch: the rest is not sent before what came before it', async (t) => {
  const [a, b] = [new ScriptedSink('a'), new ScriptedSink('b')]
  const { sink } = balanced('failover', a, b)
  const batch = batchOf(0, 4)
  const { retry } = down('a')
  const fate = Promise.resolve({ delivered: [], rejected: [], retry } as Outcome)
  a.answers.push({ delivered: [], rejected: [], retry, unsettled: { seqs: [[0, 1]], outcome: fate } } as Outcome)
  const outcome = await sink.send(batch, never)
  t.equal(b.sent.length, 0)
  t.equal(outcome.retry?.afterMs, 0)
  t.same(outcome.unsettled?.seqs, [[0, 1]])
})

test('an endpoint that takes what is written and dies with it waits longer each time; a delivery ends that', async (t) => {
  const a = new ScriptedSink('a')
  const { sink, clock } = balanced('failover', a)
  const waits: number[] = []
  for (const lost of [true, true, false, true]) {
    const batch = batchOf(0, 1)
    a.answers.push(openFor(batch, Promise.resolve(lost ? down('a') : { delivered: batch.seqs, rejected: [] })))
    const fate = await (await sink.send(batch, never)).unsettled?.outcome
    if (fate?.retry?.afterMs !== undefined) waits.push(fate.retry.afterMs)
    clock.ms += 10_000
  }
  t.same(waits, [500, 1000, 500])
})

test('a flush reaches every endpoint', async (t) => {
  const sinks = [new ScriptedSink('a'), new ScriptedSink('b')] as const
  await balanced('round_robin', ...sinks).sink.flush(never)
  t.same(
    sinks.map(({ calls }) => calls),
    [['flush'], ['flush']],
  )
})
