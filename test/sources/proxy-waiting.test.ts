import { test } from 'tap'
import { proxyV2 } from '../support/proxy-headers.ts'
import { closedByPeer, connectTo, eventually, type RunningSource, runSource, sendDatagrams } from '../support/running-source.ts'

type Context = Parameters<typeof connectTo>[0]

const required = { handshake_timeout: '50ms', proxy_protocol: 'required', trusted_proxies: ['127.0.0.0/8'] }
const optional = { ...required, proxy_protocol: 'optional' }
const front = { address: '198.51.100.1', port: 10_435 }
/** The client it names is trusted itself, so that a header of its own may follow. */
const header = proxyV2({ command: 'proxy', transport: 'stream', source: { address: '127.9.9.9', port: 51_000 }, destination: front })

/** A connection whose first bytes were read: what a later one sent has come. */
async function begun(t: Context, { intake, port }: RunningSource, bytes: string | Buffer) {
  const socket = await connectTo(t, port)
  socket.setNoDelay(true).write(bytes)
  await eventually(() => socket.bytesWritten === bytes.length && socket.writableLength === 0)
  const before = intake.messages.length
  ;(await connectTo(t, port)).end(Buffer.concat([header, Buffer.from('<13>later\n')]))
  await intake.received(before + 1)
  return socket
}

/** Takes longer than a header may. */
async function headerTime(t: Context): Promise<void> {
  const { port } = await runSource(t, required)
  const slow = await connectTo(t, port)
  slow.write(header.subarray(0, 20))
  await closedByPeer(slow)
}

test('a header that came in pieces is complete, however long the client is silent then', async (t) => {
  const running = await runSource(t, required)
  const socket = await begun(t, running, header.subarray(0, 20))
  socket.write(header.subarray(20))
  await headerTime(t)
  socket.write('<13>one\n')
  await running.intake.received(2)
  t.match(running.intake.messages[1], { text: '<13>one', origin: { peer: '127.9.9.9' } })
})

test('while the source is blocked no header is late', async (t) => {
  const running = await runSource(t, required)
  const { source, intake } = running
  const socket = await begun(t, running, header.subarray(0, 20))
  await source.block()
  await headerTime(t)
  await source.unblock()
  socket.write(Buffer.concat([header.subarray(20), Buffer.from('<13>one\n')]))
  await intake.received(2)
  t.equal(intake.messages[1]?.origin.peer, '127.9.9.9')
  t.equal(source.stats().refused.proxy_malformed, 0)
})

test('what may still become a header is data when nothing more has come in time', async (t) => {
  const running = await runSource(t, optional)
  const socket = await begun(t, running, 'P')
  await headerTime(t)
  socket.write('ING\n')
  await running.intake.received(2)
  t.match(running.intake.messages[1], { text: 'PING', origin: { peer: '127.0.0.1' } })
})

test('required: who is not trusted and brings nothing does not stay', async (t) => {
  const { source, port } = await runSource(t, { ...required, trusted_proxies: ['192.0.2.1'] })
  const idler = await connectTo(t, port)
  await closedByPeer(idler)
  await eventually(() => source.stats().connections === 0)
  t.match(source.stats(), { healthChecks: 0, refused: { proxy_missing: 1 } })
})

test('a trusted connection that brings nothing stays: balancers send the header with the first byte of the client', async (t) => {
  const { source, intake, port } = await runSource(t, required)
  const socket = await connectTo(t, port)
  await headerTime(t)
  t.equal(source.stats().connections, 1)
  socket.write(Buffer.concat([header, Buffer.from('<13>one\n')]))
  await intake.received(1)
})

test('UDP: LOCAL and UNKNOWN are headers too, and name no client', async (t) => {
  const { source, intake, port } = await runSource(t, optional)
  const local = proxyV2({ command: 'local', transport: 'dgram' })
  await sendDatagrams(port, [Buffer.concat([local, Buffer.from('<13>one')]), 'PROXY UNKNOWN\r\n<13>two', '<13>end'])
  await intake.until(() => intake.texts.includes('<13>end'))
  t.same(intake.texts, ['<13>one', '<13>two', '<13>end'])
  t.match(intake.messages[0]?.origin, { peer: '127.0.0.1', transport: 'udp' })
  t.match(source.stats(), { proxied: 0, empty: 0 })
})
