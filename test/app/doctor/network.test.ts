import { ADDRCONFIG } from 'node:dns'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { type Test, test } from 'tap'
import { addressesOf, realNetwork } from '../../../src/app/doctor/network.ts'
import { ClientTls } from '../../../src/sinks/client-tls.ts'
import { ForwardProxy } from '../../support/http-proxy.ts'
import { makeCertificate } from '../../support/test-certificates.ts'
import { never } from './fake-host.ts'

const trusting = { verify: false, min_version: 'TLSv1.2' } as const
const local = { host: '127.0.0.1', timeoutMs: 10_000 }

/** A TLS server with a certificate of 90 days; what it is sent after the handshake. */
async function tlsServer(t: Test) {
  const received: Buffer[] = []
  const server = createTlsServer(await makeCertificate('siem'), (socket) => {
    socket.on('data', (chunk: Buffer) => received.push(chunk)).on('error', () => {})
  })
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return { port: (server.address() as AddressInfo).port, received }
}

/** Takes connections and says nothing. */
async function silentServer(t: Test) {
  const sockets: Socket[] = []
  const server = createServer((socket) => void sockets.push(socket.on('error', () => {})))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, sockets }
}

test('a TLS receiver is reached, its certificate seen, nothing sent', async (t) => {
  const { port, received } = await tlsServer(t)
  const tls = await new ClientTls(trusting).options('siem.example.com')
  const reached = await realNetwork.reach({ ...local, scheme: 'tls', port, tls }, never)
  t.equal(reached.tls?.version, 'TLSv1.3')
  t.ok(Math.abs((reached.tls?.notAfterMs ?? 0) - Date.now() - 90 * 86_400_000) < 86_400_000)
  t.same(received, [])
})

test('failures are in words, each of its own step', async (t) => {
  const { port } = await tlsServer(t)
  const tls = await new ClientTls({ ...trusting, verify: true }).options('127.0.0.1')
  await t.rejects(realNetwork.reach({ ...local, scheme: 'tls', port, tls }, never), { code: 'ENDPOINT_TLS', message: /self-signed/ })
  const { port: silent, sockets } = await silentServer(t)
  const hanging = realNetwork.reach({ ...local, scheme: 'tls', port: silent, tls, timeoutMs: 50 }, never)
  await t.rejects(hanging, { code: 'ENDPOINT_TLS', message: /handshake timed out/ })
  t.equal(sockets.length, 1)
  const reached = await realNetwork.reach({ ...local, scheme: 'tcp', port: silent, tls: undefined }, never)
  t.ok(reached.connectMs >= 0)
  t.equal(reached.tls, undefined)
  await t.rejects(realNetwork.reach({ ...local, scheme: 'tcp', port: silent, tls: undefined }, AbortSignal.abort()), {
    code: 'ENDPOINT_UNREACHABLE',
  })
})

test('through a proxy', async (t) => {
  const { port } = await tlsServer(t)
  const proxy = await new ForwardProxy().listen()
  t.teardown(() => proxy.close())
  const endpoint = { scheme: 'https', host: '127.0.0.1', port, path: '' } as const
  const target = {
    endpoint,
    proxy: { scheme: 'http', host: '127.0.0.1', port: proxy.port } as const,
    tls: trusting,
    timeoutMs: 10_000,
    name: 'x',
  }
  t.match(await realNetwork.reachThrough(target, never), { tls: { version: /^TLS/ } })
  t.same(proxy.asked, [`CONNECT 127.0.0.1:${port}`])
})

test('names and routes', async (t) => {
  t.ok((await realNetwork.lookup('localhost')).length > 0)
  await realNetwork.route({ host: '127.0.0.1', port: 514 })
  // A link-local address is one of a link, and none is named (RFC 4007 section 6).
  await t.rejects(realNetwork.route({ host: 'fe80::1', port: 514 }), {
    code: 'ENDPOINT_UNREACHABLE',
    message: /^cannot connect to udp:\/\/\[fe80::1\]:514: /,
  })
})

test('addresses of families that this machine has none of are left out', async (t) => {
  const asked: unknown[] = []
  const ask = async (...question: unknown[]) => {
    asked.push(question)
    return [{ address: '192.0.2.1' }, { address: '192.0.2.1' }]
  }
  t.same(await addressesOf('siem', ask as never), ['192.0.2.1'])
  t.same(asked, [['siem', { all: true, hints: ADDRCONFIG }]])
})
