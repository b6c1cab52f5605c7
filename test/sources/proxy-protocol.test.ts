import { once } from 'node:events'
import { test } from 'tap'
import { proxyV1, proxyV2 } from '../support/proxy-headers.ts'
import { closedByPeer, connectTo, eventually, runSource, sendDatagrams } from '../support/running-source.ts'

const required = { proxy_protocol: 'required', trusted_proxies: ['127.0.0.0/8'] }
const optional = { ...required, proxy_protocol: 'optional' }
const nobody = { ...required, trusted_proxies: ['192.0.2.1'] }

const client = { address: '203.0.113.7', port: 51_000 }
const front = { address: '198.51.100.1', port: 10_435 }
const v1 = proxyV1(client, front)
const v2 = proxyV2({ command: 'proxy', transport: 'stream', source: client, destination: front })
const local = proxyV2({ command: 'local', transport: 'stream' })

test('the client that a header names is the peer, however the header comes', async (t) => {
  for (const policy of [required, optional]) {
    for (const header of [v1, v2]) {
      const { source, intake, port } = await runSource(t, policy)
      const balancer = await connectTo(t, port)
      balancer.setNoDelay(true)
      for (const byte of header) balancer.write(Buffer.of(byte))
      balancer.write('<13>one\n')
      await intake.received(1)
      t.same(intake.messages[0]?.origin, {
        peer: client.address,
        port: client.port,
        transport: 'tcp',
        proxy: { peer: '127.0.0.1', destination: front },
      })
      t.equal(source.stats().proxied, 1)
      t.equal(source.stats().healthChecks, 0)
    }
  }
})

test('messages in the same packet as the header, and a header of a balancer before it', async (t) => {
  const { intake, port } = await runSource(t, { ...required, trusted_proxies: ['127.0.0.0/8', '10.0.0.0/8'] })
  const outer = proxyV2({ command: 'proxy', transport: 'stream', source: { address: '10.1.2.3', port: 7 }, destination: front })
  ;(await connectTo(t, port)).write(Buffer.concat([outer, v1, Buffer.from('<13>one\n')]))
  await intake.received(1)
  t.match(intake.messages[0], { text: '<13>one', origin: { peer: client.address, port: client.port } })
  // The second header comes when the first has been read already.
  const late = await connectTo(t, port)
  late.setNoDelay(true)
  late.write(outer)
  await eventually(() => late.bytesWritten === outer.length)
  late.write(v1)
  late.write('<13>two\n')
  await intake.received(2)
  t.match(intake.messages[1], { text: '<13>two', origin: { peer: client.address, port: client.port } })
})

test('required: who brings no header, or is not trusted, is closed and counted; who brings nothing is a health check', async (t) => {
  for (const policy of [required, nobody]) {
    const { source, intake, logger, port } = await runSource(t, policy)
    const plain = await connectTo(t, port)
    plain.write('<13>one\n')
    await closedByPeer(plain)
    t.equal(source.stats().refused.proxy_missing, 1)
    t.match(logger.messages('warn'), [/proxy_protocol is required/])
    ;(await connectTo(t, port)).end()
    await eventually(() => source.stats().healthChecks === 1 && source.stats().connections === 0)
    t.same(intake.messages, [])
  }
  const { source, intake, port } = await runSource(t, nobody)
  const liar = await connectTo(t, port)
  liar.write(Buffer.concat([v1, Buffer.from('<13>one\n')]))
  await closedByPeer(liar)
  t.equal(source.stats().refused.proxy_missing, 1)
  t.same(intake.messages, [])
})

test('optional: a header of somebody who is not trusted is data, and so is what is no header', async (t) => {
  const stranger = await runSource(t, { ...optional, trusted_proxies: ['192.0.2.1'] })
  ;(await connectTo(t, stranger.port)).write(Buffer.concat([v1, Buffer.from('<13>one\n')]))
  await stranger.intake.received(2)
  t.same(stranger.intake.texts, [v1.toString('latin1').trimEnd(), '<13>one'])
  t.equal(stranger.intake.messages[1]?.origin.peer, '127.0.0.1')
  const trusted = await runSource(t, optional)
  const plain = await connectTo(t, trusted.port)
  plain.end('PROXIMITY alarm\nPROX')
  await trusted.intake.received(2)
  t.same(trusted.intake.texts, ['PROXIMITY alarm', 'PROX'])
  t.equal(trusted.source.stats().proxied, 0)
})

test('a malformed header, a cut one and one that does not come to its end close the connection with a count', async (t) => {
  const { source, intake, logger, port } = await runSource(t, { ...optional, handshake_timeout: '50ms' })
  const wrong = await connectTo(t, port)
  wrong.write('PROXY TCP4 999.0.0.1 198.51.100.1 1 2\r\n<13>one\n')
  await closedByPeer(wrong)
  t.equal(source.stats().refused.proxy_malformed, 1)
  t.match(logger.messages('warn'), [/PROXY header is none/])
  const cut = await connectTo(t, port)
  cut.end(v2.subarray(0, 20))
  await eventually(() => source.stats().refused.proxy_malformed === 2)
  const slow = await connectTo(t, port)
  slow.write(v2.subarray(0, 20))
  await closedByPeer(slow)
  t.equal(source.stats().refused.proxy_malformed, 3)
  t.same(intake.messages, [])
})

test('LOCAL: the balancer speaks for itself, with or without a byte after the header', async (t) => {
  const { source, intake, port } = await runSource(t, required)
  ;(await connectTo(t, port)).end(local)
  await eventually(() => source.stats().healthChecks === 1 && source.stats().connections === 0)
  ;(await connectTo(t, port)).end(Buffer.concat([local, Buffer.from('<13>own\n')]))
  await intake.received(1)
  t.match(intake.messages[0]?.origin, { peer: '127.0.0.1', transport: 'tcp' })
  // A header that names a client, and nothing after it: a check that goes through.
  ;(await connectTo(t, port)).end(v2)
  await eventually(() => source.stats().healthChecks === 2 && source.stats().connections === 0)
})

test('LOCAL and nothing behind it is a health check wherever allow is; with a byte the balancer has to be allowed', async (t) => {
  const { source, intake, logger, port } = await runSource(t, { ...required, allow: ['203.0.113.0/24'] })
  ;(await connectTo(t, port)).end(local)
  await eventually(() => source.stats().healthChecks === 1 && source.stats().connections === 0)
  t.same(logger.messages('warn'), [])
  const speaking = await connectTo(t, port)
  speaking.write(local)
  await eventually(() => source.stats().connections === 1)
  speaking.write('<13>own\n')
  await closedByPeer(speaking)
  t.match(source.stats(), { healthChecks: 1, refused: { not_allowed: 1 } })
  t.same(intake.messages, [])
})

test('limits hold for the client, not for the balancer', async (t) => {
  const { source, intake, logger, port } = await runSource(t, { ...required, allow: ['203.0.113.0/24'], max_connections_per_peer: 1 })
  ;(await connectTo(t, port)).write(Buffer.concat([v2, Buffer.from('<13>one\n')]))
  await intake.received(1)
  const again = await connectTo(t, port)
  again.write(v2)
  again.write('<13>again\n')
  await closedByPeer(again)
  t.equal(source.stats().refused.too_many_from_peer, 1)
  const other = await connectTo(t, port)
  other.write(proxyV1({ address: '203.0.113.8', port: 1 }, front))
  other.write('<13>other\n')
  await intake.received(2)
  const foreign = await connectTo(t, port)
  foreign.write(proxyV1({ address: '192.0.2.9', port: 1 }, front))
  foreign.write('<13>foreign\n')
  await closedByPeer(foreign)
  t.equal(source.stats().refused.not_allowed, 1)
  t.ok(logger.lines.some(({ level, fields }) => level === 'warn' && fields.peer === '192.0.2.9'))
  other.end()
  await eventually(() => source.stats().connections === 1)
  const back = await connectTo(t, port)
  back.write(proxyV1({ address: '203.0.113.8', port: 2 }, front))
  back.write('<13>back\n')
  await intake.received(3)
  t.same(intake.texts, ['<13>one', '<13>other', '<13>back'])
})

test('UDP: a header in the datagram names the client where the sender is trusted; without one it is the sender', async (t) => {
  const { source, intake, port } = await runSource(t, required)
  await sendDatagrams(port, [
    Buffer.concat([v1, Buffer.from('<13>one\n')]),
    '<13>own',
    'PROXY TCP4 x\r\n<13>bad',
    Buffer.from(v2),
    '<13>end',
  ])
  await intake.until(() => intake.texts.includes('<13>end'))
  t.match(intake.messages[0], {
    text: '<13>one',
    origin: { peer: client.address, port: client.port, transport: 'udp', proxy: { peer: '127.0.0.1' } },
  })
  t.match(intake.messages[1], { text: '<13>own', origin: { peer: '127.0.0.1' } })
  t.equal(intake.messages.length, 3)
  t.match(source.stats(), { proxied: 2, empty: 1, refused: { proxy_malformed: 1 } })
  const stranger = await runSource(t, nobody)
  await sendDatagrams(stranger.port, [Buffer.concat([v1, Buffer.from('<13>one')])])
  await stranger.intake.received(1)
  t.equal(stranger.intake.messages[0]?.origin.peer, '127.0.0.1')
  t.match(stranger.intake.texts[0], /^PROXY TCP4/)
})

test('UDP: LOCAL and UNKNOWN are headers too, and name no client', async (t) => {
  const { source, intake, port } = await runSource(t, optional)
  await sendDatagrams(port, [Buffer.concat([local, Buffer.from('<13>one')]), 'PROXY UNKNOWN\r\n<13>two', '<13>end'])
  await intake.until(() => intake.texts.includes('<13>end'))
  t.same(intake.texts, ['<13>one', '<13>two', '<13>end'])
  t.match(intake.messages[0]?.origin, { peer: '127.0.0.1', transport: 'udp' })
  t.equal(source.stats().proxied, 0)
})

test('required: who is not trusted and brings nothing does not stay', async (t) => {
  const { source, port } = await runSource(t, { ...nobody, handshake_timeout: '50ms' })
  await closedByPeer(await connectTo(t, port))
  await eventually(() => source.stats().connections === 0)
  t.match(source.stats(), { healthChecks: 0, refused: { proxy_missing: 1 } })
})

test('an end while a header may still come', async (t) => {
  const { source, port } = await runSource(t, { ...required, trusted_proxies: ['127.0.0.0/8', '203.0.113.0/24'] })
  const socket = await connectTo(t, port)
  socket.write(v2)
  await eventually(() => source.stats().accepted === 1)
  const ended = once(socket.resume(), 'end')
  await source.stop(AbortSignal.timeout(60_000))
  await ended
  t.equal(source.stats().connections, 0)
})
