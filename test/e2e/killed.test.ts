import { test } from 'tap'
import { oneSink, syslogSink } from '../support/relay-config.ts'
import { sum, unbalanced } from '../support/relay-ledger.ts'
import { SequenceCheck } from '../support/relay-messages.ts'
import { RelayProcess } from '../support/relay-process.ts'
import { open, sendAll } from '../support/relay-senders.ts'
import { untilStored } from '../support/relay-stored.ts'
import { UpstreamServer } from '../support/upstream-server.ts'

const senders = [0, 1, 2, 3]
const each = 50_000
const all = senders.length * each
const length = 180

test('200,000 messages with the upstream down, then SIGKILL: in the next life every one of them arrives, in order', async (t) => {
  const check = new SequenceCheck({ length })
  const upstream = await UpstreamServer.down(t, { take: (message) => check.take(message) })
  const relay = await RelayProcess.start(t, oneSink(syslogSink(upstream.endpoint)))
  const port = await relay.port()
  const sockets = await Promise.all(senders.map(() => open(t, { host: '127.0.0.1', port })))
  await Promise.all(sockets.map((socket, sender) => sendAll(socket, sender, each, length)))
  await relay.untilPipeline('all received', ({ ledger }) => ledger.received.tcp === all)
  await untilStored(relay, all - 1)
  await relay.kill()

  await relay.start()
  const restarted = await relay.pipeline()
  t.equal(restarted.ledger.received.tcp, all, 'the ledger survived')
  t.equal(restarted.ledger.sinks.up?.queued, all)
  await upstream.open()
  await upstream.until('every message', ({ taken }) => taken >= all)
  const { ledger } = await relay.untilPipeline('all settled', (main) => main.ledger.sinks.up?.queued === 0)
  t.equal(upstream.taken, all, 'nothing twice: the upstream was never there before')
  t.strictSame(check.faults, [])
  t.strictSame([...check.next.values()], [each, each, each, each])
  t.equal(ledger.sinks.up?.delivered, all)
  t.strictSame(unbalanced(ledger), [])
  t.equal((await relay.stop()).code, 0)
})

test('SIGKILL while four senders write: what was on disk arrives, without a gap within any connection', async (t) => {
  const check = new SequenceCheck({ length })
  const upstream = await UpstreamServer.down(t, { take: (message) => check.take(message) })
  const relay = await RelayProcess.start(t, oneSink(syslogSink(upstream.endpoint)))
  const port = await relay.port()
  const sockets = await Promise.all(senders.map(() => open(t, { host: '127.0.0.1', port })))
  const sending = Promise.all(sockets.map((socket, sender) => sendAll(socket, sender, each, length)))
  const { queue } = await relay.untilPipeline('a quarter of them', ({ queue }) => queue.nextSeq > all / 4)
  await untilStored(relay, queue.nextSeq - 1)
  await relay.kill()
  await sending

  await relay.start()
  const { ledger: before } = await relay.pipeline()
  const received = sum(before.received)
  t.ok(received >= queue.nextSeq, `${received} of at least ${queue.nextSeq}`)
  t.ok(received < all, 'the kill came in the middle')
  await upstream.open()
  await upstream.until('what was stored', ({ taken }) => taken >= received)
  const { ledger } = await relay.untilPipeline('all settled', (main) => main.ledger.sinks.up?.queued === 0)
  t.equal(upstream.taken, received)
  t.strictSame(check.faults, [])
  t.strictSame(unbalanced(ledger), [])
})

test('SIGKILL while the upstream takes messages: none is missing, whatever has to be sent again', async (t) => {
  const count = 80_000 // More than the kernels on the way take while nobody reads.
  const upstream = await UpstreamServer.listen(t)
  upstream.manner = 'deaf'
  const relay = await RelayProcess.start(t, oneSink(syslogSink(upstream.endpoint)))
  await sendAll(await open(t, { host: '127.0.0.1', port: await relay.port() }), 0, count, length)
  await untilStored(relay, count - 1)
  upstream.wake(10)
  await upstream.until('some', ({ taken }) => taken > 1000)
  await relay.kill()
  t.ok(upstream.taken < count, 'the kill came in the middle')
  upstream.wake()
  await relay.start()
  const { ledger } = await relay.untilPipeline('all settled', (main) => main.ledger.sinks.up?.queued === 0)
  t.strictSame(unbalanced(ledger), [])
  t.equal(ledger.sinks.up?.delivered, count)
  // What the upstream's kernel has taken counts as delivered; its program may read it a little later.
  await upstream.until('every one of them', ({ messages }) => new Set(messages).size === count)
})

test('what was delivered before SIGKILL is not sent again, apart from what was settled last', async (t) => {
  const count = 1000
  const upstream = await UpstreamServer.listen(t)
  const relay = await RelayProcess.start(t, oneSink(syslogSink(upstream.endpoint)))
  const to = { host: '127.0.0.1', port: await relay.port() }
  await sendAll(await open(t, to), 0, count, length)
  await relay.untilPipeline('all delivered', ({ ledger }) => ledger.sinks.up?.delivered === count)
  // The write that holds one more message comes after the one that moved the cursor past those before it.
  await sendAll(await open(t, to), 1, 1, length)
  await relay.untilPipeline('one more delivered', ({ ledger }) => ledger.sinks.up?.delivered === count + 1)
  await relay.kill()
  await relay.start()
  const { ledger } = await relay.untilPipeline('all settled', (main) => main.ledger.sinks.up?.queued === 0)
  t.equal(ledger.sinks.up?.delivered, count + 1)
  t.strictSame(unbalanced(ledger), [])
  await upstream.until('all of them', ({ messages }) => new Set(messages).size === count + 1)
  t.ok(upstream.taken <= count + 2, `${upstream.taken} messages came`)
})
