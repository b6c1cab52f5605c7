import { test } from 'tap'
import { oneSink, soon, syslogSink } from '../support/relay-config.ts'
import { unbalanced } from '../support/relay-ledger.ts'
import { messageOf } from '../support/relay-messages.ts'
import { RelayProcess } from '../support/relay-process.ts'
import { open, sendAll, sendOnce } from '../support/relay-senders.ts'
import { UpstreamServer } from '../support/upstream-server.ts'

const length = 300
const count = 30_000

/** How many of the messages did not come. */
function missing(arrived: readonly string[]): number {
  const came = new Set(arrived)
  return Array.from({ length: count }, (_, i) => messageOf(0, i, length)).filter((message) => !came.has(message)).length
}

test('an upstream that goes away between two batches and comes back gets every message', async (t) => {
  const upstream = await UpstreamServer.listen(t)
  const relay = await RelayProcess.start(t, oneSink(syslogSink(upstream.endpoint)))
  const socket = await open(t, { host: '127.0.0.1', port: await relay.port() })
  for (let part = 0; part < 3; part++) {
    socket.write(`<13>part ${part}\n`)
    await relay.untilPipeline('it to be settled', ({ ledger }) => ledger.sinks.up?.delivered === part + 1)
    await upstream.until('the part', ({ messages }) => messages.includes(`<13>part ${part}`))
    await upstream.close()
    await relay.untilPipeline('the loss to be noticed without a write', ({ sinks }) => sinks.up?.endpoints[0]?.state !== 'connected')
    await upstream.open()
  }
  t.strictSame(upstream.messages, ['<13>part 0', '<13>part 1', '<13>part 2'])
})

test('an upstream that reads slowly slows nothing but its own delivery', async (t) => {
  const upstream = await UpstreamServer.listen(t)
  upstream.manner = 5
  const relay = await RelayProcess.start(t, oneSink(syslogSink(upstream.endpoint)))
  await sendAll(await open(t, { host: '127.0.0.1', port: await relay.port() }), 0, count, length)
  await relay.untilPipeline('all received', ({ ledger }) => ledger.received.tcp === count)
  t.ok(upstream.taken < count, 'the sender was done before the upstream')
  await upstream.until('every message', ({ taken }) => taken === count)
  t.equal(missing(upstream.messages), 0)
})

test('an upstream that resets its connections again and again is always tried again, with whole messages', async (t) => {
  const upstream = await UpstreamServer.listen(t)
  const relay = await RelayProcess.start(t, oneSink(syslogSink(upstream.endpoint)))
  const sending = sendAll(await open(t, { host: '127.0.0.1', port: await relay.port() }), 0, count, length)
  for (let resets = 1; resets <= 3; resets++) {
    const next = (resets * count) / 5
    upstream.resetAt = next
    await upstream.until('a reset', ({ taken, sockets }) => taken >= next && sockets.size === 0)
  }
  upstream.resetAt = Number.POSITIVE_INFINITY
  await sending
  const { ledger } = await relay.untilPipeline(
    'all settled',
    (main) => main.ledger.received.tcp === count && main.ledger.sinks.up?.queued === 0,
  )
  t.strictSame(unbalanced(ledger), [])
  t.equal(missing(upstream.messages), 0, 'what the kernels had taken and the upstream had not read came again')
  await sendOnce(t, { host: '127.0.0.1', port: await relay.port() }, '<13>one more\n')
  await upstream.until('one more', ({ messages }) => messages.includes('<13>one more'))
  t.strictSame(upstream.faults, [])
})

test('with several endpoints the second takes over from a dead one', async (t) => {
  const dead = await UpstreamServer.down(t)
  const upstream = await UpstreamServer.listen(t)
  const sink = { type: 'syslog' as const, endpoints: [dead.endpoint, upstream.endpoint], retry: soon }
  const relay = await RelayProcess.start(t, oneSink(sink))
  await sendAll(await open(t, { host: '127.0.0.1', port: await relay.port() }), 0, count, length)
  await upstream.until('every message', ({ taken }) => taken >= count)
  t.equal(missing(upstream.messages), 0)
  const main = await relay.untilPipeline('all settled', ({ ledger }) => ledger.sinks.up?.queued === 0)
  t.strictSame(unbalanced(main.ledger), [])
  t.match(main.sinks.up?.endpoints, [{ error: { code: 'ENDPOINT_UNREACHABLE' } }, { state: 'connected' }])
})
