import { test } from 'tap'
import { RelayError } from '../../../src/core/errors.ts'
import type { Outcome } from '../../../src/core/sink.ts'
import type { BatchEndpoint } from '../../../src/sinks/http/batch-endpoint.ts'
import { fate, never, subject, upTo } from '../../support/batch-endpoint-subject.ts'
import { numberedMessages, storedBatch } from '../../support/sink-batches.ts'

const small = { max_request_size: 1000, max_requests_in_flight: 2 }
const reason = new RelayError('ENDPOINT_CLOSED', 'it takes nothing')

interface Send {
  readonly batch: ReturnType<typeof storedBatch>
  readonly outcome: Promise<Outcome>
}

/** Four batches: two are in flight, one waits in the next request, and the last is held up. */
async function busy(sink: BatchEndpoint, signal: AbortSignal): Promise<Send[]> {
  const sends: Send[] = []
  for (const i of upTo(4)) {
    const batch = storedBatch(numberedMessages(8, 100), { seqs: [[i * 8, i * 8 + 7]] })
    const outcome = sink.send(batch, signal)
    sends.push({ batch, outcome })
    if (i < 3) await outcome
  }
  return sends
}

for (const deaf of [false, true]) {
  const client = deaf ? 'a client that hangs' : 'a client'

  test(`${client}: giveUp sends everything in hand again because of its reason, and the endpoint works on`, async (t) => {
    const { sink, client, logger } = subject(t, () => undefined, small)
    client.deaf = deaf
    sink.giveUp(reason)
    t.equal(sink.endpoints()[0]?.error, undefined, 'there was nothing to give up')
    const sends = await busy(sink, never)
    t.equal(client.requests.length, 2)
    sink.giveUp(reason)
    for (const { batch, outcome } of sends) {
      const { delivered, retry } = await fate(t, sink, batch, outcome)
      t.same([delivered, retry?.error], [[], reason])
    }
    t.ok(client.requests.every(({ signal }) => signal.reason === reason))
    t.match(sink.endpoints(), [{ state: 'idle', error: { message: reason.message } }])
    t.same(logger.messages('warn'), [reason.message])
    t.equal(client.requests.length, 2, 'nothing was begun')
    client.script = () => 200
    const batch = storedBatch(['x'])
    t.same((await fate(t, sink, batch, sink.send(batch, never))).delivered, [0])
    for (const given of client.requests) given.answer(200)
    t.equal(sink.endpoints()[0]?.error, undefined)
  })

  test(`${client}: an abort ends the send that is held up, and its requests`, async (t) => {
    const { sink, client } = subject(t, () => undefined, small)
    client.deaf = deaf
    const abort = new AbortController()
    const batch = storedBatch(numberedMessages(40, 100))
    const outcome = sink.send(batch, abort.signal)
    await client.given(2)
    abort.abort()
    const answered = await outcome
    t.equal(answered.unsettled, undefined, 'at once')
    t.match(await fate(t, sink, batch, answered), { delivered: [], retry: { error: { code: 'ENDPOINT_CLOSED' } } })
    t.ok(client.requests.every(({ signal }) => signal.aborted))
    t.equal(client.requests.length, 2)
    t.equal(sink.endpoints()[0]?.error, undefined, 'nobody is blamed for it')
    await sink.flush(never)
  })

  test(`${client}: stop lets requests finish until its deadline`, async (t) => {
    const { sink, client } = subject(t, () => undefined, small)
    client.deaf = deaf
    const deadline = new AbortController()
    const sends = await busy(sink, never)
    const stopping = Promise.all([sink.stop(deadline.signal), sink.stop(deadline.signal)])
    client.requests[0]?.answer(200)
    await client.given(3)
    await sends[3]?.outcome
    deadline.abort()
    await stopping
    t.equal(client.closed, 1)
    const fates = await Promise.all(sends.map(({ batch, outcome }) => fate(t, sink, batch, outcome)))
    t.same(
      fates.map(({ delivered }) => delivered.length),
      [8, 0, 0, 0],
    )
    t.match(fates.slice(1), Array(3).fill({ retry: { error: { code: 'ENDPOINT_CLOSED', message: 'sending was stopped' } } }))
    const late = storedBatch(['x'])
    t.match(await fate(t, sink, late, sink.send(late, never)), { delivered: [], retry: {} })
    await sink.stop(never)
    t.equal(client.closed, 1)
  })
}

test('stop without a deadline waits for what is in flight, what waits, and acknowledgements', async (t) => {
  const { sink, client, dialect } = subject(t, () => undefined, small)
  const acknowledged = Promise.withResolvers<{ all: 'delivered' }>()
  dialect.acknowledge = () => acknowledged.promise
  const sends = await busy(sink, never)
  const stopping = sink.stop(never)
  client.script = () => 200
  client.requests[0]?.answer(202)
  client.requests[1]?.answer(200)
  await client.given(4)
  acknowledged.resolve({ all: 'delivered' })
  await stopping
  const fates = await Promise.all(sends.map(({ batch, outcome }) => fate(t, sink, batch, outcome)))
  t.same(
    fates.flatMap(({ delivered }) => delivered),
    upTo(32),
  )
})

test('stopped before start and twice', async (t) => {
  const { sink, client } = subject(t)
  await sink.stop(never)
  await sink.stop(never)
  const batch = storedBatch(['x'])
  t.match(await fate(t, sink, batch, sink.send(batch, never)), { delivered: [], retry: {} })
  t.equal(client.requests.length, 0)
})

test('an acknowledgement that never comes is given up with the rest', async (t) => {
  const { sink, dialect, client } = subject(t, () => 202)
  const signals: AbortSignal[] = []
  const acknowledged = Promise.withResolvers<{ all: 'delivered' }>()
  dialect.acknowledge = (signal) => {
    signals.push(signal)
    return acknowledged.promise
  }
  const batch = storedBatch(numberedMessages(3))
  const outcome = await sink.send(batch, never)
  while (signals.length === 0) await new Promise(setImmediate)
  sink.giveUp(reason)
  t.match(await fate(t, sink, batch, outcome), { delivered: [], retry: { error: reason } })
  t.equal(signals[0]?.reason, reason)
  acknowledged.resolve({ all: 'delivered' })
  await new Promise(setImmediate)
  t.match(sink.endpoints(), [{ state: 'idle', error: { message: reason.message } }], 'when it comes after all nobody listens')
  t.equal(client.requests.length, 1)
})

test('an abort of a send that shares a request takes the others with it, and nothing is lost', async (t) => {
  const { sink, client } = subject(t, () => undefined, { ...small, max_requests_in_flight: 1 })
  const batches = upTo(3).map((i) => storedBatch(numberedMessages(5, 100), { seqs: [[i * 5, i * 5 + 4]] }))
  const abort = new AbortController()
  const [first, second, third] = batches as [Send['batch'], Send['batch'], Send['batch']]
  const outcomes = [await sink.send(first, never), await sink.send(second, never)] as const
  const aborted = sink.send(third, abort.signal)
  abort.abort()
  t.match(
    await fate(
      t,
      sink,
      third,
      aborted.then(({ unsettled, ...rest }) => rest),
    ),
    { delivered: [], retry: {} },
  )
  client.requests[0]?.answer(200)
  t.same((await fate(t, sink, first, outcomes[0])).delivered, upTo(5))
  t.match(await fate(t, sink, second, outcomes[1]), { delivered: [], retry: { error: { code: 'ENDPOINT_CLOSED' } } })
})

test('an abort at every point of a send', async (t) => {
  for (const answered of upTo(6)) {
    const { sink, client } = subject(t, (_, index) => (index < answered ? 200 : undefined), small)
    const abort = new AbortController()
    const batch = storedBatch(numberedMessages(120, 100))
    const outcome = sink.send(batch, abort.signal)
    await client.given(answered + 2)
    abort.abort()
    const { delivered, retry } = await fate(t, sink, batch, outcome)
    t.same(delivered, upTo(answered * 9))
    t.ok(retry)
    await sink.flush(never)
  }
})
