import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Duplex, Transform } from 'node:stream'
import { connect } from 'node:tls'
import { test } from 'tap'
import { proxyV2 } from '../support/proxy-headers.ts'
import { closedByPeer, connectTo, eventually } from '../support/running-source.ts'
import { authority, connectTls, runTls, server } from '../support/running-tls-source.ts'
import { makeCertificate, writePair } from '../support/test-certificates.ts'

test('TLS 1.2, TLS 1.3 and plain TCP on one port', async (t) => {
  const { source, intake, port } = await runTls(t)
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const client = await connectTls(t, port, { minVersion: version, maxVersion: version })
    t.equal(client.getProtocol(), version)
    client.write(`<13>${version}\n`)
    await intake.until(() => intake.texts.includes(`<13>${version}`))
  }
  ;(await connectTo(t, port)).write('<13>plain\n')
  await intake.received(3)
  t.same(
    intake.messages.map(({ origin }) => origin.transport),
    ['tls', 'tls', 'tcp'],
  )
  t.equal(intake.messages[0]?.origin.peer, '127.0.0.1')
  t.equal(intake.messages[0]?.origin.certSubject, undefined)
  t.equal(source.stats().tlsFailures, 0)
})

test('a client hello in two halves, and a record for each byte', async (t) => {
  const { intake, port } = await runTls(t)
  const raw = await connectTo(t, port)
  const halves = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      this.push(chunk.subarray(0, 1))
      setImmediate(() => done(null, chunk.subarray(1)))
    },
  })
  halves.pipe(raw.setNoDelay(true))
  const client = connect({ ca: server.cert, socket: Duplex.from({ writable: halves, readable: raw }), servername: 'localhost' })
  client.on('error', () => undefined)
  await once(client, 'secureConnect')
  for (const byte of '<13>one byte a record\n') client.write(byte)
  await intake.received(1)
  t.same(intake.texts, ['<13>one byte a record'])
})

test('half of a message is kept when the TLS sender closes, and the sender hears our end', async (t) => {
  const { source, intake, port } = await runTls(t)
  const client = await connectTls(t, port)
  client.end('<13>whole\n<13>half')
  await intake.received(2)
  await closedByPeer(client)
  await eventually(() => source.stats().connections === 0)
  t.same(intake.texts, ['<13>whole', '<13>half'])
  t.equal(source.stats().cutOff, 1)
})

test('min_version refuses older clients, and says why', async (t) => {
  const { source, logger, port } = await runTls(t, { min_version: 'TLSv1.3' })
  const client = await connectTls(t, port, { maxVersion: 'TLSv1.2' })
  t.equal(client.getProtocol() ?? null, null)
  await eventually(() => source.stats().tlsFailures === 1 && source.stats().connections === 0)
  t.match(logger.messages('warn'), [/the peer speaks only TLS versions older than min_version/])
})

test('a device that knows RSA only is told apart from others that fail', async (t) => {
  const { source, logger, port } = await runTls(t)
  await connectTls(t, port, { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' })
  await eventually(() => source.stats().tlsFailures === 1)
  t.match(logger.messages('warn'), [/the peer offers no cipher that fits our certificate.*RSA/])
})

test('mutual TLS: the client is known by its certificate', async (t) => {
  const client = await makeCertificate('device-7', { ca: authority })
  const { source, intake, logger, port, directory } = await runTls(t, { client_ca_file: join(t.testdirName, 'ca.pem') })
  t.ok(directory)
  ;(await connectTls(t, port, client)).write('<13>known\n')
  await intake.received(1)
  t.equal(intake.messages[0]?.origin.certSubject, 'CN=device-7')

  for (const [options, reason] of [
    [{}, /sent no client certificate/],
    [await makeCertificate('stranger'), /sent a self-signed client certificate|whose authority is not in client_ca_file/],
  ] as const) {
    const failures = source.stats().tlsFailures
    const refused = await connectTls(t, port, options)
    refused.write('<13>not known\n')
    await closedByPeer(refused)
    await eventually(() => source.stats().tlsFailures === failures + 1)
    if (failures === 0) t.match(logger.messages('warn'), [reason])
  }
  t.equal(logger.messages('warn').length, 1, 'one line per peer and minute')
  t.same(intake.texts, ['<13>known'])
})

test('mutual TLS: a client certificate without a subject is one', async (t) => {
  const client = await makeCertificate('', { ca: authority })
  const { intake, port } = await runTls(t, { client_ca_file: join(t.testdirName, 'ca.pem') })
  ;(await connectTls(t, port, client)).write('<13>known by its other names\n')
  await intake.received(1)
  t.match(intake.messages[0]?.origin, { transport: 'tls', certSubject: undefined })
})

test('mutual TLS, optional: without a certificate is fine, with one that does not verify is not', async (t) => {
  const { source, intake, logger, port } = await runTls(t, { client_ca_file: join(t.testdirName, 'ca.pem'), client_auth: 'optional' })
  ;(await connectTls(t, port)).write('<13>nobody\n')
  await intake.received(1)
  t.equal(intake.messages[0]?.origin.certSubject, undefined)
  const stranger = await connectTls(t, port, await makeCertificate('stranger'))
  stranger.write('<13>stranger\n')
  await closedByPeer(stranger)
  await eventually(() => source.stats().tlsFailures === 1)
  t.match(logger.messages('warn'), [/self-signed client certificate|authority is not in client_ca_file/])
  t.same(intake.texts, ['<13>nobody'])
})

test('a new certificate is shown to new connections, and the old ones go on', async (t) => {
  const { intake, port, files, directory } = await runTls(t)
  const before = await connectTls(t, port)
  const renewed = await makeCertificate('renewed')
  writePair(directory, renewed)
  await files.reload()
  const after = await connectTls(t, port, { ca: renewed.cert })
  t.equal(after.getPeerCertificate().subject.CN, 'renewed')

  writeFileSync(join(directory, 'key.pem'), 'broken')
  await files.reload()
  const still = await connectTls(t, port, { ca: renewed.cert })
  t.equal(still.getPeerCertificate().subject.CN, 'renewed')
  for (const [index, client] of [before, after, still].entries()) client.write(`<13>${index}\n`)
  await intake.received(3)
  t.same(intake.texts.toSorted(), ['<13>0', '<13>1', '<13>2'])
})

test('a client that stops in the handshake is closed after handshake_timeout; one that says nothing may stay', async (t) => {
  const { source, logger, port } = await runTls(t, {}, { handshake_timeout: '50ms' })
  await connectTo(t, port)
  const client = await connectTo(t, port)
  client.write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]))
  await closedByPeer(client)
  await eventually(() => source.stats().connections === 1)
  t.equal(source.stats().tlsFailures, 1)
  t.match(logger.messages('warn'), [/did not finish the handshake in time/])
})

test('junk after the first byte of a handshake is a failure with a reason, a hang-up in it is counted and nothing more', async (t) => {
  const { source, logger, port } = await runTls(t)
  const junk = await connectTo(t, port)
  junk.write(Buffer.concat([Buffer.from([0x16]), Buffer.alloc(300, 'junk')]))
  await closedByPeer(junk)
  t.match(logger.messages('warn'), [/the peer /])
  const leaver = await connectTo(t, port)
  leaver.write(Buffer.from([0x16, 0x03, 0x01]))
  await eventually(() => source.stats().connections === 1 || source.stats().accepted === 2)
  leaver.resetAndDestroy()
  await eventually(() => source.stats().tlsEofs === 1 && source.stats().connections === 0)
  t.equal(source.stats().tlsFailures, 1)
  t.equal(source.stats().healthChecks, 0)
  t.equal(logger.messages('warn').length, 1)
})

test('plain syslog on a TLS-only port is turned away with a word', async (t) => {
  const { source, logger, intake, port } = await runTls(t, {}, { transports: ['tls'] })
  const client = await connectTo(t, port)
  client.write('<13>in the clear\n')
  await closedByPeer(client)
  t.equal(source.stats().refused.not_allowed, 1)
  t.match(logger.messages('warn'), [/speaks plain TCP/])
  t.same(intake.messages, [])
})

test('stop ends handshakes and TLS connections, and counts neither as a failure of the peer', async (t) => {
  const { source, intake, port } = await runTls(t)
  const stuck = await connectTo(t, port)
  stuck.write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00]))
  const client = await connectTls(t, port)
  client.write('<13>last words\n')
  await source.stop(AbortSignal.timeout(60_000))
  await Promise.all([closedByPeer(stuck), closedByPeer(client)])
  t.same(intake.texts, ['<13>last words'])
  t.equal(source.stats().tlsFailures, 0)
  t.equal(source.stats().connections, 0)
})

test('a blocked TLS sender loses nothing', async (t) => {
  const { intake, port } = await runTls(t)
  intake.fill()
  const client = await connectTls(t, port)
  const lines = Array.from({ length: 20_000 }, (_, i) => `<13>${i} ${'x'.repeat(100)}`)
  client.write(`${lines.join('\n')}\n`)
  await intake.until(() => intake.refusals > 0)
  intake.empty()
  await intake.received(lines.length)
  t.same(intake.texts, lines)
})

test('TLS that a load balancer passes through behind a PROXY header', async (t) => {
  const { source, intake, port } = await runTls(t, {}, { proxy_protocol: 'required', trusted_proxies: ['127.0.0.1'] })
  const tcp = await connectTo(t, port)
  tcp.write(
    proxyV2({
      command: 'proxy',
      transport: 'stream',
      source: { address: '203.0.113.7', port: 5 },
      destination: { address: '192.0.2.1', port: 6 },
    }),
  )
  const client = await connectTls(t, port, { socket: tcp })
  client.write('<13>secret\n')
  await intake.received(1)
  t.match(intake.messages[0]?.origin, { peer: '203.0.113.7', port: 5, transport: 'tls', proxy: { peer: '127.0.0.1' } })
  t.equal(source.stats().proxied, 1)
})
