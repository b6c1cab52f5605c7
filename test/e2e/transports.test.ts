import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { fileSink, oneSink, pipeline, syslogSink } from '../support/relay-config.ts'
import { difference } from '../support/relay-difference.ts'
import { counted, difficultMessages, inLines } from '../support/relay-difficult-messages.ts'
import { unbalanced } from '../support/relay-ledger.ts'
import { RelayProcess } from '../support/relay-process.ts'
import { open, sendDatagrams, sendOnce, write } from '../support/relay-senders.ts'
import { until } from '../support/relay-until.ts'
import { shortDir } from '../support/short-dir.ts'
import { makeCertificate, writePair } from '../support/test-certificates.ts'
import { UpstreamServer } from '../support/upstream-server.ts'

const whole = difficultMessages({ lineFeeds: true })
// A line feed at the end of a datagram is no part of the message.
const datagrams = whole.filter((message) => !message.endsWith('\n'))
const oneLine = difficultMessages({ lineFeeds: false })

test('UDP, TCP and TLS over IPv4 and IPv6 reach a TCP upstream byte for byte, each connection in order', async (t) => {
  const upstream = await UpstreamServer.listen(t)
  const relay = await RelayProcess.start(t, oneSink(syslogSink(upstream.endpoint), { source: { host: '::' } }))
  const port = await relay.port()
  for (const host of ['127.0.0.1', '::1']) {
    for (const tls of [false, true]) {
      const before = upstream.messages.length
      await sendOnce(t, { host, port, rejectUnauthorized: false }, counted(whole), tls)
      await sendOnce(t, { host, port, rejectUnauthorized: false }, inLines(oneLine), tls)
      await upstream.until(`${host} ${tls}`, () => upstream.messages.length >= before + whole.length + oneLine.length)
      t.equal(difference([...whole, ...oneLine], upstream.messages.slice(before)), '', `${tls ? 'TLS' : 'TCP'} from ${host}`)
    }
    const before = upstream.messages.length
    await sendDatagrams(
      host,
      port,
      datagrams.map((message) => Buffer.from(message, 'latin1')),
    )
    await upstream.until(`UDP from ${host}`, () => upstream.messages.length >= before + datagrams.length)
    t.equal(difference(datagrams, upstream.messages.slice(before)), '', `UDP from ${host}`)
  }
  const { ledger } = await relay.untilPipeline('all settled', ({ ledger }) => ledger.sinks.up?.queued === 0)
  const streamed = 2 * (whole.length + oneLine.length)
  t.strictSame(ledger.received, { udp: 2 * datagrams.length, tcp: streamed, tls: streamed })
  t.strictSame(unbalanced(ledger), [])
  t.strictSame(upstream.faults, [])
})

test('several sinks each get everything: a file, TCP with newlines, TLS with its own authority and a client certificate', async (t) => {
  const dir = shortDir(t)
  const ca = await makeCertificate('upstream authority', { isCa: true })
  const server = await makeCertificate('upstream', { ca })
  const client = writePair(join(dir, 'client'), await makeCertificate('relay', { ca }))
  const caFile = join(dir, 'ca.pem')
  writeFileSync(caFile, ca.cert)
  const secure = await UpstreamServer.listen(t, { host: '127.0.0.1', tls: { ...server, ca: ca.cert, requestCert: true } })
  const plain = await UpstreamServer.listen(t, { framing: 'newline' })
  let name: string | undefined
  const relay = await RelayProcess.start(t, {
    sinks: {
      file: fileSink(),
      lines: syslogSink(plain.endpoint, { framing: 'newline' }),
      siem: syslogSink(secure.endpoint, { tls: { ca_file: caFile, ...client } }),
    },
    pipelines: { main: pipeline(['file', 'lines', 'siem']) },
  })
  await sendOnce(t, { host: '127.0.0.1', port: await relay.port() }, counted(oneLine))
  await secure.until('TLS upstream', ({ messages }) => messages.length >= oneLine.length)
  for (const socket of secure.sockets) name = secure.peerName(socket)
  t.equal(name, 'relay', 'the client certificate is shown')
  t.equal(difference(oneLine, secure.messages), '')
  await plain.until('TCP upstream', ({ messages }) => messages.length >= oneLine.length)
  t.equal(difference(oneLine, plain.messages), '')
  const { ledger } = await relay.untilPipeline('all settled', (main) =>
    Object.values(main.ledger.sinks).every(({ queued }) => queued === 0),
  )
  t.ok(readFileSync(join(relay.dataDir, 'main.log')).equals(inLines(oneLine)), 'the file holds the same bytes')
  t.strictSame(unbalanced(ledger), [])
  t.strictSame(
    Object.values(ledger.sinks).map(({ delivered }) => delivered),
    [oneLine.length, oneLine.length, oneLine.length],
  )
})

test('an upstream whose certificate is of another authority gets nothing, and nothing is lost', async (t) => {
  const own = await makeCertificate('upstream')
  const upstream = await UpstreamServer.listen(t, { host: '127.0.0.1', tls: own })
  const relay = await RelayProcess.start(t, oneSink(syslogSink(upstream.endpoint)))
  await sendOnce(t, { host: '127.0.0.1', port: await relay.port() }, inLines(oneLine))
  const { ledger } = await relay.untilPipeline('the handshake refused', ({ sinks }) => sinks.up?.error?.code === 'ENDPOINT_TLS')
  t.equal(upstream.taken, 0)
  t.equal(ledger.sinks.up?.queued, oneLine.length)
})

test('mutual TLS in: a client of our authority gets in and is named in the queue, others do not', async (t) => {
  const dir = shortDir(t)
  const ca = await makeCertificate('clients', { isCa: true })
  const files = writePair(dir, await makeCertificate('relay'))
  writeFileSync(join(dir, 'ca.pem'), ca.cert)
  const upstream = await UpstreamServer.listen(t)
  const config = oneSink(syslogSink(upstream.endpoint), { source: { transports: ['tls'] } })
  const relay = await RelayProcess.start(t, { ...config, tls: { ...files, client_ca_file: join(dir, 'ca.pem') } })
  const to = { host: '127.0.0.1', port: await relay.port(), rejectUnauthorized: false }
  const stranger = await makeCertificate('stranger')
  for (const pair of [{}, stranger]) {
    const socket = await open(t, { ...to, ...pair }, true)
    await write(socket, 'not to be delivered\n')
    await until('the stranger is turned away', () => socket.destroyed)
  }
  await sendOnce(t, { ...to, ...(await makeCertificate('device', { ca })) }, inLines(oneLine), true)
  await upstream.until('the device', ({ messages }) => messages.length >= oneLine.length)
  t.equal(difference(oneLine, upstream.messages), '')
  t.equal((await relay.pipeline()).source.tlsFailures, 2)
})

test('a port that speaks only some transports says no to the others', async (t) => {
  const upstream = await UpstreamServer.listen(t)
  const relay = await RelayProcess.start(t, oneSink(syslogSink(upstream.endpoint), { source: { transports: ['tls'] } }))
  const socket = await open(t, { host: '127.0.0.1', port: await relay.port() })
  await write(socket, '<13>plain text\n')
  await until('the plain connection is closed', () => socket.destroyed)
  const { source, ledger } = await relay.pipeline()
  t.equal(source.refused.not_allowed, 1)
  t.strictSame(ledger.received, { udp: 0, tcp: 0, tls: 0 })
})
