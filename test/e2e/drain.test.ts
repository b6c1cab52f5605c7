import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { test } from 'tap'
import { oneSink, ownAddress, syslogSink } from '../support/relay-config.ts'
import { unbalanced } from '../support/relay-ledger.ts'
import { framesOf, SequenceCheck } from '../support/relay-messages.ts'
import { command, environment, RelayProcess } from '../support/relay-process.ts'
import { knock, open, sendDatagrams, sendOnce, write } from '../support/relay-senders.ts'
import { until } from '../support/relay-until.ts'
import { UpstreamServer } from '../support/upstream-server.ts'

const run = promisify(execFile)
const source = { host: ownAddress }

test('logrelay drain delivers what is queued, says that it is safe to terminate, and stays until it is stopped', async (t) => {
  const upstream = await UpstreamServer.listen(t)
  upstream.manner = 'deaf'
  const relay = await RelayProcess.start(t, oneSink(syslogSink(upstream.endpoint), { source }))
  const to = { host: ownAddress, port: await relay.port() }
  await sendOnce(t, to, '<13>one\n<13>two\n')
  await relay.untilPipeline('both received', ({ ledger }) => ledger.received.tcp === 2)
  const waiting = run(command, ['drain', '--wait', '--config', relay.configFile], { env: environment })
  await until('the drain', async () => (await relay.status()).state === 'draining')
  await until('the port to close', async () => (await knock(to)) === 'ECONNREFUSED')
  t.equal((await relay.status()).safeToTerminate, false)
  upstream.wake()
  const { stdout } = await waiting
  t.match(stdout, /drained and safe to terminate: every message was delivered/)
  const status = await relay.status()
  t.match(status, { state: 'drained', safeToTerminate: true, ready: false })
  t.strictSame(unbalanced((await relay.pipeline()).ledger), [])
  const readyz = await fetch(`${relay.admin}/readyz?pipeline=main`)
  t.equal(readyz.status, 503)
  t.match(await readyz.text(), /the relay is drained/)
  const shown = await run(command, ['status', '--config', relay.configFile], { env: environment })
  t.match(shown.stdout, /safe to terminate/)
  const ignored = relay.logged(/reload while stopping: ignored/)
  relay.signal('SIGHUP')
  await ignored
  t.ok(relay.alive)
  t.strictSame(await relay.stop(), { code: 0, signal: null })
  t.strictSame(upstream.messages, ['<13>one', '<13>two'])
})

test('during drain_delay /readyz is red and everything is still taken; a second SIGTERM ends the wait', async (t) => {
  const upstream = await UpstreamServer.listen(t)
  const relay = await RelayProcess.start(t, { ...oneSink(syslogSink(upstream.endpoint), { source }), drain_delay: '1h' })
  const to = { host: ownAddress, port: await relay.port() }
  const before = await open(t, to)
  relay.signal('SIGTERM')
  await until('the drain', async () => (await relay.status()).state === 'draining')
  t.equal((await fetch(`${relay.admin}/readyz`)).status, 503)
  await write(before, '<13>known\n')
  await sendOnce(t, to, '<13>new\n')
  await sendDatagrams(to.host, to.port, ['<13>datagram'])
  await upstream.until('all three', ({ taken }) => taken === 3)
  t.notOk(before.readableEnded, 'nobody was asked to leave')
  t.strictSame(await relay.stop(), { code: 0, signal: null })
})

test('when drain_delay is over TCP ports close and senders are asked to leave, while UDP is still read', async (t) => {
  const upstream = await UpstreamServer.listen(t)
  const relay = await RelayProcess.start(t, { ...oneSink(syslogSink(upstream.endpoint), { source }), drain_delay: '2s' })
  const to = { host: ownAddress, port: await relay.port() }
  const sender = await open(t, { ...to, allowHalfOpen: true })
  const asked = once(sender, 'end')
  const ended = relay.stop()
  await asked
  t.equal(await knock(to), 'ECONNREFUSED')
  sender.end('<13>last words\n')
  await sendDatagrams(to.host, to.port, ['<13>straggler'])
  await upstream.until('both', ({ taken }) => taken === 2)
  t.strictSame(await ended, { code: 0, signal: null })
  t.strictSame(upstream.messages.toSorted(), ['<13>last words', '<13>straggler'])
  const phases = relay.log.map(({ msg }) => msg).filter((msg) => /^drain|^stopped/.test(msg))
  t.match(phases, [
    /2 s more/,
    /ports are closed/,
    /no new messages/,
    /^drained, safe to terminate: every message was delivered/,
    /^stopped/,
  ])
})

test('a full node that is drained takes what its senders have sent as its upstream makes room', async (t) => {
  const count = 24_000
  const length = 1000
  const check = new SequenceCheck({ length })
  const upstream = await UpstreamServer.listen(t, { take: (message) => check.take(message) })
  upstream.manner = 'deaf'
  const queue = { max_size: 4 * 2 ** 20 }
  const relay = await RelayProcess.start(t, oneSink(syslogSink(upstream.endpoint), { source, queue }))
  const to = { host: ownAddress, port: await relay.port() }
  const sender = await open(t, to)
  sender.end(framesOf(0, 0, count, length))
  await relay.untilPipeline('the queue to be full', ({ queue }) => queue.condition === 'full')
  const draining = relay.logged(/^draining: no new messages/)
  const ended = relay.stop()
  await draining
  upstream.wake()
  t.strictSame(await ended, { code: 0, signal: null })
  await upstream.until('every message', ({ taken }) => taken >= count)
  t.strictSame(check.faults, [])
  t.strictSame([...check.next.values()], [count])
})

test('a full node whose upstream hangs waits for room in vain, and stores what it has read', async (t) => {
  const upstream = await UpstreamServer.listen(t)
  upstream.manner = 'deaf'
  const queue = { max_size: 4 * 2 ** 20 }
  const relay = await RelayProcess.start(t, { ...oneSink(syslogSink(upstream.endpoint), { source, queue }), stop_timeout: '2s' })
  const sender = await open(t, { host: ownAddress, port: await relay.port() })
  sender.end(framesOf(0, 0, 24_000, 1000))
  await relay.untilPipeline('the queue to be full', ({ queue }) => queue.condition === 'full')
  t.strictSame(await relay.stop(), { code: 0, signal: null })
  t.ok(relay.log.some(({ msg }) => /1 connections are closed unread/.test(msg)))
  t.notOk(relay.log.some(({ msg }) => /counted as dropped/.test(msg)))
})

test('a full node whose upstream is down does not wait for room, and says what it closes unread', async (t) => {
  const upstream = await UpstreamServer.down(t)
  const relay = await RelayProcess.start(t, {
    ...oneSink(syslogSink(upstream.endpoint), { source, queue: { max_size: 4 * 2 ** 20 } }),
    stop_timeout: '1h',
  })
  const sender = await open(t, { host: ownAddress, port: await relay.port() })
  sender.end(framesOf(0, 0, 24_000, 1000))
  await relay.untilPipeline('the queue to be full', ({ queue }) => queue.condition === 'full')
  t.strictSame(await relay.stop(), { code: 0, signal: null })
  t.ok(relay.log.some(({ level, msg }) => level === 'error' && /1 connections are closed unread/.test(msg)))
  t.ok(relay.log.some(({ msg }) => /^drained, safe to terminate: messages wait on disk/.test(msg)))
})
