import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'tap'
import { RelayError } from '../../src/core/errors.ts'
import { BalancedSink } from '../../src/delivery/balanced-sink.ts'
import { Backoff } from '../../src/retry/backoff.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { numberedMessages, storedBatch } from '../support/sink-batches.ts'
import { fateOf } from '../support/sink-fate.ts'
import { StreamReceiver } from '../support/sink-receiver.ts'
import { balanced, batchOf, Clock, down, hold, leaveOpen, never, scripted, seqs, streamEndpoint } from './balancing.ts'

test('an endpoint that does not answer is given up, and its messages go to another at once', async (t) => {
  const [a, b] = scripted('tls://a:6514', 'tls://b:6514')
  const { sink, clock } = balanced('failover', a, b)
  hold(a)
  const sending = sink.send(batchOf(0, 3), never)
  clock.pass(29_999)
  t.same(a.givenUp, [])
  clock.pass(1)
  t.same((await sending).delivered, [[0, 2]])
  t.same(b.sent.map(seqs), [[0, 1, 2]])
  t.match(a.givenUp, [
    { code: 'ENDPOINT_CLOSED', message: 'tls://a:6514 has taken nothing for 30 s; its messages go to the others', hint: /send_timeout/ },
  ])
  t.match(sink.endpoints()[0], { state: 'backing_off', retryAtMs: clock.ms + 500, unsettled: 0, error: { code: 'ENDPOINT_CLOSED' } })
})

test('an endpoint that settles nothing of what it took is given up: one failure for all of it', async (t) => {
  const [a, b] = scripted('a', 'b')
  const { sink, clock } = balanced('failover', a, b)
  leaveOpen(a)
  leaveOpen(a)
  const outcomes = [await sink.send(batchOf(0, 2), never)]
  clock.pass(20_000)
  outcomes.push(await sink.send(batchOf(2, 2), never))
  clock.pass(9999)
  t.same(a.givenUp, [])
  clock.pass(1)
  const fates = await Promise.all(outcomes.map(({ unsettled }) => unsettled?.outcome))
  t.same(
    fates.map((fate) => [fate?.delivered, fate?.retry?.afterMs]),
    [
      [[], 0],
      [[], 0],
    ],
    'they are to be sent again at once',
  )
  t.equal(a.givenUp.length, 1)
  t.match(sink.endpoints()[0], { state: 'backing_off', retryAtMs: clock.ms + 500, unsettled: 0 })
  await sink.send(batchOf(0, 2), never)
  t.same(b.sent.map(seqs), [[0, 1]])
})

test('whatever is settled begins the time again, for what is being sent as well', async (t) => {
  const [a, b] = scripted('a', 'b')
  const { sink, clock } = balanced('failover', a, b)
  const opens = [leaveOpen(a), leaveOpen(a)] as const
  await sink.send(batchOf(0), never)
  const second = await sink.send(batchOf(1), never)
  const held = hold(a)
  const third = sink.send(batchOf(2), never)
  clock.pass(20_000)
  opens[0].read()
  await turn()
  clock.pass(29_999)
  t.same(a.givenUp, [])
  opens[1].read()
  await second.unsettled?.outcome
  clock.pass(29_999)
  t.same(a.givenUp, [], 'it has settled what came before')
  held.deliver()
  t.same((await third).delivered, [[2, 2]])
  t.same([a.givenUp, b.sent], [[], []])
})

test('an endpoint that has nothing in hand may be silent, and there is no timer for it', async (t) => {
  const [a, b] = scripted('a', 'b')
  const { sink, clock } = balanced('round_robin', a, b)
  await sink.send(batchOf(0), never)
  clock.pass(600_000)
  t.equal(clock.timerAtMs, Number.POSITIVE_INFINITY)
  hold(a)
  await sink.send(batchOf(1), never)
  const sending = sink.send(batchOf(2), never)
  clock.pass(29_999)
  t.same(a.givenUp, [], 'the time begins with the send')
  clock.pass(1)
  await sending
  t.equal(a.givenUp.length, 1)
})

test('there is one timer, however many batches are sent', async (t) => {
  const [a, b] = scripted('a', 'b')
  const { sink, clock } = balanced('round_robin', a, b)
  const first = clock.ms + 30_000
  for (let at = 0; at < 10; at++) {
    leaveOpen(at % 2 === 0 ? a : b)
    await sink.send(batchOf(at), never)
    t.equal(clock.timerAtMs, first)
    clock.pass(1)
  }
  await sink.stop(never)
  t.equal(clock.timerAtMs, Number.POSITIVE_INFINITY)
})

test('with one endpoint there is no timeout: that it takes nothing is pressure', async (t) => {
  const [a] = scripted('a')
  const { sink, clock } = balanced('failover', a)
  const held = hold(a)
  const sending = sink.send(batchOf(0), never)
  t.equal(clock.timerAtMs, Number.POSITIVE_INFINITY)
  clock.pass(600_000)
  t.same(a.givenUp, [])
  held.deliver()
  t.same((await sending).delivered, [[0, 0]])
})

test('while there is no other to give to it keeps what it has', async (t) => {
  const [a, b] = scripted('a', 'b')
  const { sink, clock } = balanced('failover', a, b)
  const error = new RelayError('ENDPOINT_UNREACHABLE', 'a refused')
  a.answers.push({ delivered: [], rejected: [], retry: { error, afterMs: 100_000 } })
  hold(b)
  const sending = sink.send(batchOf(0), never)
  await turn()
  clock.pass(99_999)
  t.same(b.givenUp, [])
  clock.pass(1)
  t.equal((await sending).retry?.afterMs, 0)
  t.match(b.givenUp, [{ message: 'b has taken nothing for 100 s; its messages go to the others' }])
  await sink.send(batchOf(0), never)
  t.same([a.sent.length, b.sent.length], [2, 1])
})

test('an endpoint that returns is used again, and one that still hangs is given up again, later each time', async (t) => {
  const [a, b] = scripted('a', 'b')
  const { sink, clock } = balanced('failover', a, b)
  const waits: number[] = []
  for (let hangs = 0; hangs < 3; hangs++) {
    hold(a)
    const sending = sink.send(batchOf(hangs), never)
    clock.pass(30_000)
    await sending
    const { retryAtMs = 0 } = sink.endpoints()[0] ?? {}
    waits.push(retryAtMs - clock.ms)
    clock.pass(retryAtMs - clock.ms)
  }
  t.same(waits, [500, 1000, 2000])
  t.equal(b.sent.length, 3)
  await sink.send(batchOf(3), never)
  t.same(a.sent.map(seqs), [[0], [1], [2], [3]])
  t.match(sink.endpoints()[0], { state: 'connected', error: undefined })
  a.answers.push(down('a'))
  await sink.send(batchOf(4), never)
  t.match(sink.endpoints()[0], { retryAtMs: clock.ms + 500 }, 'its back-off has begun again')
})

test('an endpoint that dies in the middle of a batch: what it settled is not sent twice', async (t) => {
  const [a, b] = scripted('a', 'b')
  const { sink, clock } = balanced('round_robin', a, b)
  const atA = hold(a)
  const sending = sink.send(batchOf(0, 6), never)
  atA.answer({ ...down('a'), delivered: [[0, 2]] })
  t.same((await sending).delivered, [
    [0, 2],
    [3, 5],
  ])
  t.same(b.sent.map(seqs), [[3, 4, 5]])
  t.match(sink.endpoints()[0], { retryAtMs: clock.ms + 500 })
})

test('a receiver that accepts and does not read is given up for one that does', async (t) => {
  const [hangs, reads] = [new StreamReceiver(), new StreamReceiver()] as const
  hangs.paused = true
  const logger = new RecordingLogger()
  const clock = new Clock()
  const endpoints = []
  for (const receiver of [hangs, reads]) {
    await receiver.listen()
    t.teardown(() => receiver.close())
    endpoints.push({ sink: streamEndpoint(receiver, logger), backoff: new Backoff({ initialMs: 1000, maxMs: 1000 }) })
  }
  const sink = new BalancedSink(endpoints, {
    balance: 'failover',
    sendTimeoutMs: 30_000,
    logger,
    now: () => clock.ms,
    timer: clock.timer,
  })
  t.teardown(() => sink.stop(AbortSignal.abort()))
  await sink.start()
  // As a rule more than the kernels take for a program: then the send hangs, otherwise what was sent is unsettled.
  const batch = storedBatch(numberedMessages(800, 16_000))
  const sending = sink.send(batch, never)
  await hangs.until(() => hangs.connections.length === 1)
  for (let turns = 0; turns < 20; turns++) await turn()
  clock.pass(30_000)
  const { delivered, unsettled, retry } = await sending
  const fate = await unsettled?.outcome
  t.same([delivered, fate?.delivered ?? []], [[], []])
  t.match(retry ?? fate?.retry, { error: { message: /^tcp:.* has taken nothing for 30 s/ }, afterMs: 0 })
  const again = sink.send(batch, never)
  await reads.until(() => (reads.connections[0]?.bytes.length ?? 0) > 800 * 16_000)
  t.same((await fateOf(sink, await again)).delivered, batch.seqs)
  t.match(logger.messages('warn'), [/has taken nothing for 30 s; its messages go to the others/], 'it is said once')
})
