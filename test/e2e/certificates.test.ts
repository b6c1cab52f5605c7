import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { test } from 'tap'
import { oneSink, syslogSink } from '../support/relay-config.ts'
import { RelayProcess } from '../support/relay-process.ts'
import { open, write } from '../support/relay-senders.ts'
import { shortDir } from '../support/short-dir.ts'
import { makeCertificate, writePair } from '../support/test-certificates.ts'
import { UpstreamServer } from '../support/upstream-server.ts'

test('changed certificate files take effect with a reload, without dropping a connection; a broken pair keeps the old one', async (t) => {
  const dir = shortDir(t)
  const files = writePair(dir, await makeCertificate('first'))
  const upstream = await UpstreamServer.listen(t)
  const config = { ...oneSink(syslogSink(upstream.endpoint)), tls: files }
  const relay = await RelayProcess.start(t, config)
  const to = { host: '127.0.0.1', port: await relay.port(), rejectUnauthorized: false }
  const nameShown = async () => ((await open(t, to, true)) as TLSSocket).getPeerCertificate().subject.CN
  const old = await open(t, to, true)
  t.equal(await nameShown(), 'first')

  writePair(dir, await makeCertificate('second'))
  await relay.reload()
  t.equal(await nameShown(), 'second')

  writeFileSync(join(dir, 'key.pem'), 'no key')
  const refused = relay.logged(/refused/)
  await relay.reload()
  t.match(await refused, { level: 'error' })
  t.equal(await nameShown(), 'second')

  await write(old, '<13>over the old connection\n')
  await upstream.until('the message', ({ messages }) => messages.includes('<13>over the old connection'))
  t.notOk(old.destroyed)
})

test('changed certificate files take effect by themselves', async (t) => {
  const dir = shortDir(t)
  const files = writePair(dir, await makeCertificate('first'))
  const upstream = await UpstreamServer.listen(t)
  const relay = await RelayProcess.start(t, { ...oneSink(syslogSink(upstream.endpoint)), tls: files })
  const noticed = relay.logged(/new certificate in use/)
  writePair(dir, await makeCertificate('second'))
  await noticed
  const socket = await open(t, { host: '127.0.0.1', port: await relay.port(), rejectUnauthorized: false }, true)
  t.equal((socket as TLSSocket).getPeerCertificate().subject.CN, 'second')
})
