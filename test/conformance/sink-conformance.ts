import { type Test, test } from 'tap'
import type { StoredBatch } from '../../src/core/batch.ts'
import { RelayError } from '../../src/core/errors.ts'
import type { EndpointSink, Outcome, Sink } from '../../src/core/sink.ts'
import type { FormatMessage } from '../../src/syslog/formatter.ts'
import { checkOutcome, numberedMessages, seqsOf, storedBatch } from '../support/sink-batches.ts'
import { fateOf } from '../support/sink-fate.ts'

/** A sink and the far side that it delivers to, both working. */
export interface SinkSubject {
  readonly sink: Sink
  /** Resolves with everything the far side has, in order, once it has so many messages. */
  received(atLeast: number): Promise<string[]>
  /** The far side takes nothing any more, until `repair`. */
  break(): Promise<void>
  repair(): Promise<void>
  /** The far side stays there and reads no more; undefined where nothing can hold the sink up. */
  stall?(): void
}

export type MakeSubject = (t: Test, format: FormatMessage | 'raw') => Promise<SinkSubject>

/** Call it with the name of the sink and what makes one; every test gets its own. */
export function sinkConformance(name: string, makeSubject: MakeSubject): void {
  test(`${name} as a sink`, async (suite) => {
    const check = (what: string, body: (t: Test, subject: SinkSubject) => Promise<void>, format: FormatMessage | 'raw' = 'raw') =>
      suite.test(what, async (t) => {
        const subject = await makeSubject(t, format)
        t.teardown(() => subject.sink.stop(AbortSignal.abort()))
        await body(t, subject)
      })
    await check('delivers each message once and in order', deliversInOrder)
    await check('names the messages of several ranges', severalRanges)
    await check('answers for a batch without messages', emptyBatch)
    await check('may be stopped before start and twice, and then delivers nothing', stopping)
    await check('answers an aborted send at once', abortedBefore)
    await check('loses nothing while the far side is broken', brokenFarSide)
    await check('delivers what its format makes of a message', formatted, ({ bytes }) => Buffer.from(`[${bytes}]`))
    await check('rejects a message that cannot be formatted, and it alone', unformattable, ({ bytes }) => {
      if (bytes.includes('message 2 ')) throw new Error('cannot be formatted')
      return bytes
    })
    await check('answers an abort at once while the far side stalls', abortedWhileStalled)
    await check('gives up, where it is an endpoint, and goes on with the next batch', givenUp)
  })
}

const never = new AbortController().signal

/** The outcome of a batch when nothing of it is open any more. */
async function sent(sink: Sink, batch: StoredBatch): Promise<Outcome> {
  return fateOf(sink, await sink.send(batch, never))
}

async function deliversInOrder(t: Test, { sink, received }: SinkSubject): Promise<void> {
  await sink.start()
  const messages = numberedMessages(300)
  for (const [from, to] of [
    [0, 1],
    [1, 120],
    [120, 300],
  ] as const) {
    const batch = storedBatch(messages.slice(from, to), { lying: from === 1 ? 'newline' : 'octet-counting', seqs: [[from, to - 1]] })
    const outcome = await sent(sink, batch)
    checkOutcome(t, batch, outcome)
    t.same(outcome, { delivered: [[from, to - 1]], rejected: [] })
  }
  t.same(await received(300), messages)
}

async function severalRanges(t: Test, { sink, received }: SinkSubject): Promise<void> {
  await sink.start()
  const seqs = [
    [7, 9],
    [12, 12],
    [100, 105],
  ] as const
  const messages = numberedMessages(10)
  const batch = storedBatch(messages, { seqs })
  const outcome = await sent(sink, batch)
  checkOutcome(t, batch, outcome)
  t.same(outcome.delivered, seqs)
  t.same(await received(10), messages)
}

async function emptyBatch(t: Test, { sink }: SinkSubject): Promise<void> {
  await sink.start()
  t.same(await sent(sink, storedBatch([])), { delivered: [], rejected: [] })
}

async function stopping(t: Test, { sink }: SinkSubject): Promise<void> {
  await sink.stop(never)
  await sink.stop(never)
  const batch = storedBatch(numberedMessages(3))
  const outcome = await sent(sink, batch)
  checkOutcome(t, batch, outcome)
  t.same(outcome.delivered, [])
  t.ok(outcome.retry)
}

async function abortedBefore(t: Test, { sink, received }: SinkSubject): Promise<void> {
  await sink.start()
  const messages = numberedMessages(5)
  const batch = storedBatch(messages)
  const outcome = await fateOf(sink, await sink.send(batch, AbortSignal.abort()))
  checkOutcome(t, batch, outcome)
  t.same(outcome.delivered, [])
  t.ok(outcome.retry, 'all of it is to be sent again')
  t.same((await sent(sink, batch)).delivered, [[0, 4]], 'and it can be')
  t.same(await received(5), messages)
}

async function brokenFarSide(t: Test, { sink, received, ...farSide }: SinkSubject): Promise<void> {
  await sink.start()
  const messages = numberedMessages(30)
  t.same((await sent(sink, storedBatch(messages.slice(0, 10)))).delivered, [[0, 9]])
  await received(10)
  await farSide.break()
  const batch = storedBatch(messages.slice(10), { seqs: [[10, 29]] })
  const failed = await sent(sink, batch)
  checkOutcome(t, batch, failed)
  t.ok(failed.retry, 'it asks for a retry')
  t.same(failed.rejected, [], 'nothing is given up')
  t.ok(sink.endpoints()[0]?.error, 'and the status says why')
  const left = messages.slice(10 + seqsOf(failed.delivered).length)
  await farSide.repair()
  await deliverAll(t, sink, storedBatch(left, { seqs: [[30 - left.length, 29]] }))
  t.same([...new Set(await received(30))], messages, 'everything arrives, in order')
  t.equal(sink.endpoints()[0]?.error, undefined, 'and it is well again')
}

async function deliverAll(t: Test, sink: Sink, batch: StoredBatch): Promise<void> {
  const outcome = await sent(sink, batch)
  checkOutcome(t, batch, outcome)
  t.same(outcome.delivered, batch.seqs)
}

async function formatted(t: Test, { sink, received }: SinkSubject): Promise<void> {
  await sink.start()
  const messages = numberedMessages(100)
  await deliverAll(t, sink, storedBatch(messages, { lying: 'octet-counting' }))
  t.same(
    await received(100),
    messages.map((message) => `[${message}]`),
  )
}

async function unformattable(t: Test, { sink, received }: SinkSubject): Promise<void> {
  await sink.start()
  const messages = numberedMessages(5)
  const batch = storedBatch(messages, { seqs: [[20, 24]] })
  const outcome = await sent(sink, batch)
  checkOutcome(t, batch, outcome)
  t.same(outcome.delivered, [
    [20, 21],
    [23, 24],
  ])
  t.same(
    outcome.rejected.map(({ seqs, error }) => [seqs, error.code]),
    [[[22, 22], 'INTERNAL']],
  )
  t.same(
    await received(4),
    messages.filter((_, i) => i !== 2),
  )
}

async function abortedWhileStalled(t: Test, { sink, stall = () => {} }: SinkSubject): Promise<void> {
  await sink.start()
  stall()
  const batch = storedBatch(numberedMessages(2000, 16_000))
  const abort = new AbortController()
  const sending = sink.send(batch, abort.signal)
  await new Promise((resolve) => setImmediate(resolve))
  abort.abort()
  const outcome = await fateOf(sink, await sending, AbortSignal.abort())
  checkOutcome(t, batch, outcome)
  t.ok(outcome.retry, 'what was not delivered is to be sent again')
}

async function givenUp(t: Test, { sink, received, stall }: SinkSubject): Promise<void> {
  if (!isEndpoint(sink)) return
  await sink.start()
  sink.giveUp(new RelayError('ENDPOINT_CLOSED', 'before anything was sent'))
  const messages = numberedMessages(10)
  await deliverAll(t, sink, storedBatch(messages))
  t.same(await received(10), messages)
  if (stall === undefined) return
  stall()
  sink.giveUp(new RelayError('ENDPOINT_CLOSED', 'so that the stalled side is connected to'))
  const batch = storedBatch(messages, { seqs: [[10, 19]] })
  const sent = await sink.send(batch, never)
  const reason = new RelayError('ENDPOINT_CLOSED', 'it takes nothing')
  sink.giveUp(reason)
  const outcome = await fateOf(sink, sent)
  checkOutcome(t, batch, outcome)
  t.same(outcome.delivered, [])
  t.equal(outcome.retry?.error, reason)
  t.match(sink.endpoints(), [{ state: 'idle', error: { message: reason.message } }])
}

function isEndpoint(sink: Sink): sink is EndpointSink {
  return 'giveUp' in sink
}
