import { once } from 'node:events'
import { test } from 'tap'
import { fileSink, oneSink, syslogSink } from '../support/relay-config.ts'
import { unbalanced } from '../support/relay-ledger.ts'
import { SequenceCheck } from '../support/relay-messages.ts'
import { RelayProcess } from '../support/relay-process.ts'
import { knock, open, sendAll, sendOnce, write } from '../support/relay-senders.ts'
import { until } from '../support/relay-until.ts'
import { UpstreamServer } from '../support/upstream-server.ts'

const length = 500
const count = 20_000

/** A relay with a backlog of `count` messages for an upstream that reads nothing yet. */
async function withBacklog(t: Parameters<typeof RelayProcess.start>[0], stopTimeout = '25s') {
  const check = new SequenceCheck({ length })
  const upstream = await UpstreamServer.listen(t, { take: (message) => check.take(message) })
  upstream.manner = 'deaf'
  const relay = await RelayProcess.start(t, { ...oneSink(syslogSink(upstream.endpoint)), stop_timeout: stopTimeout })
  const port = await relay.port()
  await sendAll(await open(t, { host: '127.0.0.1', port }), 0, count, length)
  await relay.untilPipeline('all received', ({ ledger }) => ledger.received.tcp === count)
  return { check, upstream, relay, port }
}

test('SIGTERM with a backlog and a slow upstream: the port closes, everything is delivered, exit status 0', async (t) => {
  const { check, upstream, relay, port } = await withBacklog(t)
  const idle = await open(t, { host: '127.0.0.1', port })
  const ended = relay.stop()
  await until('the port to close', async () => (await knock({ host: '127.0.0.1', port })) === 'ECONNREFUSED')
  const draining = await relay.status()
  t.match(draining, { state: 'draining', ready: false })
  const readyz = await fetch(`${relay.admin}/readyz`)
  t.equal(readyz.status, 503)
  t.match(await readyz.text(), /the relay is draining/)
  upstream.wake(5)
  t.strictSame(await ended, { code: 0, signal: null })
  await upstream.until('every message', ({ taken }) => taken >= count)
  t.equal(upstream.taken, count)
  t.strictSame(check.faults, [])
  await until('the idle sender to be told', () => idle.destroyed)
})

test('SIGTERM with an upstream that reads nothing: it ends at stop_timeout, and the next life delivers', async (t) => {
  const { upstream, relay } = await withBacklog(t, '300ms')
  t.strictSame(await relay.stop(), { code: 0, signal: null })
  t.ok(relay.log.some(({ msg }) => /^drained, safe to terminate: messages wait on disk for the next start: \d+ of main$/.test(msg)))
  upstream.wake()
  await relay.start()
  const { ledger } = await relay.untilPipeline('all settled', (main) => main.ledger.sinks.up?.queued === 0)
  t.equal(ledger.received.tcp, count)
  t.strictSame(unbalanced(ledger), [])
  await upstream.until('every message', ({ taken }) => taken >= count)
})

test('a second SIGTERM ends the wait', async (t) => {
  const { relay } = await withBacklog(t, '1h')
  relay.signal('SIGTERM')
  await until('the drain', async () => (await relay.status()).state === 'draining')
  t.strictSame(await relay.stop(), { code: 0, signal: null })
})

test('SIGTERM while the reader of standard output stands still: the process ends at stop_timeout, and nothing is lost', async (t) => {
  const relay = RelayProcess.prepare(t, { ...oneSink(fileSink('-')), stop_timeout: '300ms' })
  const child = relay.launch()
  child.stdout?.pause()
  await relay.logged(/^started/)
  await sendAll(await open(t, { host: '127.0.0.1', port: await relay.port() }), 0, 2000, length)
  await relay.untilPipeline('all received', ({ ledger }) => ledger.received.tcp === 2000)
  const exited = once(child, 'exit')
  relay.signal('SIGTERM')
  t.strictSame(await exited, [0, null])
  t.ok(relay.log.some(({ msg }) => /^drained, safe to terminate: messages wait on disk for the next start: \d+ of main$/.test(msg)))
  child.stdout?.resume()
})

test('SIGTERM with a dead upstream: it ends without waiting for it, and nothing is lost', async (t) => {
  const upstream = await UpstreamServer.down(t)
  const relay = await RelayProcess.start(t, { ...oneSink(syslogSink(upstream.endpoint)), stop_timeout: '1h' })
  await sendOnce(t, { host: '127.0.0.1', port: await relay.port() }, '<13>one\n<13>two\n')
  await relay.untilPipeline('a failure', ({ sinks, queue }) => sinks.up?.error !== undefined && queue.messages === 2)
  t.strictSame(await relay.stop(), { code: 0, signal: null })
  await upstream.open()
  await relay.start()
  t.match(relay.stdout, /2 messages from before are waiting/)
  await upstream.until('both', ({ taken }) => taken === 2)
  t.strictSame(upstream.messages, ['<13>one', '<13>two'])
})

test('what senders have written when SIGTERM comes is read, messages cut in the middle included', async (t) => {
  const upstream = await UpstreamServer.listen(t)
  const relay = await RelayProcess.start(t, oneSink(syslogSink(upstream.endpoint)))
  const socket = await open(t, { host: '127.0.0.1', port: await relay.port() })
  await write(socket, '<13>whole\n<13>without an end')
  await relay.untilPipeline('the first', ({ ledger }) => ledger.received.tcp === 1)
  t.strictSame(await relay.stop(), { code: 0, signal: null })
  await upstream.until('both', ({ taken }) => taken === 2)
  t.strictSame(upstream.messages, ['<13>whole', '<13>without an end'])
})

test('SIGTERM and SIGHUP during the start are obeyed once it is over', async (t) => {
  const upstream = await UpstreamServer.listen(t)
  const relay = RelayProcess.prepare(t, oneSink(syslogSink(upstream.endpoint)))
  await relay.start()
  const reloaded = relay.logged(/^configuration reloaded/)
  relay.signal('SIGHUP')
  relay.signal('SIGHUP')
  await reloaded
  relay.signal('SIGHUP')
  t.strictSame(await relay.stop(), { code: 0, signal: null })
})
