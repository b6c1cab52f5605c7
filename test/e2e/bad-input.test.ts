import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type Test, test } from 'tap'
import { oneSink, syslogSink } from '../support/relay-config.ts'
import { sum, unbalanced } from '../support/relay-ledger.ts'
import { RelayProcess } from '../support/relay-process.ts'
import { open, sendDatagrams, sendOnce, write } from '../support/relay-senders.ts'
import { UpstreamServer } from '../support/upstream-server.ts'

const host = '127.0.0.1'

/** A relay before a receiver that takes everything. */
async function relayAndUpstream(t: Test, source: object = {}) {
  const upstream = await UpstreamServer.listen(t)
  const relay = await RelayProcess.start(t, oneSink(syslogSink(upstream.endpoint), { source }))
  return { upstream, relay, port: await relay.port() }
}

/** After all that it still does its work: a good message arrives, the books balance, and no error of ours was logged. */
async function stillWorks(t: Test, { upstream, relay, port }: Awaited<ReturnType<typeof relayAndUpstream>>): Promise<void> {
  await sendOnce(t, { host, port }, '<13>still here\n')
  await upstream.until('the good message', ({ messages }) => messages.includes('<13>still here'))
  const { ledger } = await relay.untilPipeline('all settled', (main) => main.ledger.sinks.up?.queued === 0)
  t.strictSame(unbalanced(ledger), [])
  t.strictSame(
    relay.log.filter(({ code, level }) => code === 'INTERNAL' || level === 'text'),
    [],
  )
  t.equal((await relay.stop()).code, 0)
}

test('binary junk, counts that cannot be, and a peer that stops in the middle', async (t) => {
  const all = await relayAndUpstream(t)
  const { port, relay } = all
  for (let i = 0; i < 20; i++) await sendOnce(t, { host, port }, randomBytes(50_000))
  await sendOnce(t, { host, port }, '99999999999 <13>no frame is that long\n<13>found again\n')
  await sendOnce(t, { host, port }, '17 <13>cut in the m')
  await sendOnce(t, { host, port }, Buffer.alloc(10_000))
  await sendOnce(t, { host, port }, '\n\n\r\n')
  await all.upstream.until('the line after a bad count', ({ messages }) => messages.some((message) => message.includes('found again')))
  const { source } = await relay.untilPipeline('the cut message', ({ source }) => source.cutOff > 0)
  t.ok(source.empty > 0, 'blank lines are counted')
  t.equal(source.connections, 0)
  await stillWorks(t, all)
})

test('a 10 MB line is cut and counted, or refused and counted', async (t) => {
  const line = Buffer.concat([Buffer.from('<13>'), Buffer.alloc(10_000_000, 'x'), Buffer.from('\n<13>the next one\n')])
  const cut = await relayAndUpstream(t)
  await sendOnce(t, { host, port: cut.port }, line)
  await cut.upstream.until('both', ({ messages }) => messages.length === 2)
  t.strictSame(
    cut.upstream.messages.map(({ length }) => length),
    [65_536, '<13>the next one'.length],
  )
  t.equal((await cut.relay.pipeline()).source.truncated, 1)
  await stillWorks(t, cut)

  const refused = await relayAndUpstream(t, { when_too_long: 'reject' })
  await sendOnce(t, { host, port: refused.port }, line)
  await refused.upstream.until('the next', ({ messages }) => messages.includes('<13>the next one'))
  const { ledger, source } = await refused.relay.pipeline()
  t.equal(source.tooLong, 1)
  t.equal(ledger.dropped.too_long, 1)
  t.equal(ledger.received.tcp, 2)
  await stillWorks(t, refused)
})

test('a sender of one byte a write', async (t) => {
  const all = await relayAndUpstream(t)
  const socket = await open(t, { host, port: all.port })
  socket.setNoDelay(true)
  const messages = ['<13>one byte at a time', '<13>and once more as well']
  for (const byte of messages.map((message) => `${message.length} ${message}`).join(''))
    await new Promise<void>((written) => socket.write(byte, () => written()))
  await all.upstream.until('both', ({ messages }) => messages.length === 2)
  t.strictSame(all.upstream.messages, messages)
  socket.destroy()
  await stillWorks(t, all)
})

test('TLS clients that stop in the handshake, or have something else to say', async (t) => {
  const all = await relayAndUpstream(t, { handshake_timeout: '200ms' })
  const { port, relay } = all
  const hello = Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc])
  const silent = await open(t, { host, port })
  await write(silent, hello)
  await once(silent, 'close')
  const left = await open(t, { host, port })
  await write(left, hello)
  left.destroy()
  await sendOnce(t, { host, port }, Buffer.concat([hello, randomBytes(2000)]))
  const { ledger } = await relay.untilPipeline('three failures', ({ source }) => source.tlsFailures === 3 && source.connections === 0)
  t.equal(sum(ledger.received), 0)
  await stillWorks(t, all)
})

test('empty datagrams, datagrams of junk and the longest there can be', async (t) => {
  const all = await relayAndUpstream(t)
  const longest = `<13>${'x'.repeat(65_507 - 4)}`
  await sendDatagrams(host, all.port, ['', '\n', '\r\n', randomBytes(1000), longest, '<13>short'])
  await all.upstream.until('the last', ({ messages }) => messages.includes('<13>short'))
  t.ok(all.upstream.messages.includes(longest))
  const { source, ledger } = await all.relay.pipeline()
  t.equal(source.empty, 3)
  t.equal(ledger.received.udp, 3)
  await stillWorks(t, all)
})

test('500 connections that say nothing are no error and no message', async (t) => {
  const all = await relayAndUpstream(t)
  const { port, relay } = all
  const sockets = await Promise.all(Array.from({ length: 500 }, () => open(t, { host, port })))
  await relay.untilPipeline('all of them', ({ source }) => source.connections === 500)
  for (const socket of sockets) socket.destroy()
  const { source, ledger } = await relay.untilPipeline('none of them', ({ source }) => source.connections === 0)
  t.equal(source.healthChecks, 500)
  t.equal(sum(ledger.received), 0)
  t.strictSame(
    relay.log.filter(({ level }) => level === 'error'),
    [],
    'a load balancer that looks is not logged as an error',
  )
  await stillWorks(t, all)
})

test('limits on connections: what is beyond is closed and counted', async (t) => {
  const all = await relayAndUpstream(t, { max_connections: 3, max_connections_per_peer: 2 })
  const { port, relay } = all
  const kept = [await open(t, { host, port }), await open(t, { host, port })]
  const third = await open(t, { host, port })
  await new Promise<void>((closed) => (third.closed ? closed() : third.once('close', () => closed())))
  const { source } = await relay.untilPipeline('the refusal', ({ source }) => source.refused.too_many_from_peer === 1)
  t.equal(source.connections, 2)
  for (const socket of kept) socket.destroy()
  await relay.untilPipeline('room again', ({ source }) => source.connections === 0)
  await stillWorks(t, all)
})

test('a network that may not send', async (t) => {
  const upstream = await UpstreamServer.listen(t)
  const relay = await RelayProcess.start(t, oneSink(syslogSink(upstream.endpoint), { source: { allow: ['192.0.2.0/24'] } }))
  const port = await relay.port()
  await sendOnce(t, { host, port }, '<13>not from here\n')
  await sendDatagrams(host, port, ['<13>nor so'])
  const { ledger } = await relay.untilPipeline('both refused', ({ source }) => source.refused.not_allowed === 2)
  t.equal(sum(ledger.received), 0)
})
