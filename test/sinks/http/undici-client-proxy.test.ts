import { writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { HttpRequest } from '../../../src/sinks/http/http-client.ts'
import { type ClientWishes, clientFor } from '../../support/http-client-for.ts'
import { ForwardProxy, type ProxyBehaviour } from '../../support/http-proxy.ts'
import { ScriptedHttpServer } from '../../support/http-server.ts'
import { makeCertificate } from '../../support/test-certificates.ts'

const post: HttpRequest = { method: 'POST', path: '/x', body: Buffer.from('hello') }
const never = new AbortController().signal

async function setUp(t: Test, behaviour: ProxyBehaviour = {}) {
  const ca = await makeCertificate('Own CA', { isCa: true })
  const caFile = join(t.testdir(), 'ca.pem')
  writeFileSync(caFile, ca.cert)
  const proxy = await new ForwardProxy(behaviour).listen()
  t.teardown(() => proxy.close())
  const servers = {
    http: await new ScriptedHttpServer(({ path }) => ({ body: path })).listen(),
    https: await new ScriptedHttpServer(({ path }) => ({ body: path }), await makeCertificate('siem', { ca })).listen(),
  }
  t.teardown(() => Promise.all([servers.http.close(), servers.https.close()]))
  const connect = (scheme: 'http' | 'https', wishes: ClientWishes = {}) => {
    const tls = { verify: true, min_version: 'TLSv1.2', ca_file: caFile } as const
    const client = clientFor(servers[scheme], { scheme, tls, proxy: `http://127.0.0.1:${proxy.port}`, ...wishes })
    t.teardown(() => client.close())
    return client
  }
  return { proxy, servers, connect }
}

t.test('https:// goes through a tunnel that is kept, http:// is handed to the proxy', async (t) => {
  const { proxy, servers, connect } = await setUp(t)
  const https = connect('https', { max_requests_in_flight: 1, path: '/base?k=1' })
  t.equal((await https.request(post, never)).body.toString(), '/base/x?k=1')
  t.equal((await https.request(post, never)).body.toString(), '/base/x?k=1')
  t.same(proxy.asked, [`CONNECT 127.0.0.1:${servers.https.port}`])
  t.equal((await connect('http', { path: '/base' }).request(post, never)).body.toString(), '/base/x')
  t.equal(proxy.asked[1], `POST http://127.0.0.1:${servers.http.port}/base/x`)
  t.equal(servers.http.requests[0]?.headers.host, `127.0.0.1:${servers.http.port}`)
})

t.test('user and password are for the proxy alone', async (t) => {
  const { proxy, servers, connect } = await setUp(t, { credentials: 'us er:p@ss' })
  const url = `http://us%20er:p%40ss@127.0.0.1:${proxy.port}`
  for (const scheme of ['https', 'http'] as const) {
    const client = connect(scheme, { proxy: url })
    t.equal((await client.request(post, never)).status, 200)
    t.equal(servers[scheme].requests[0]?.headers['proxy-authorization'], undefined)
  }
})

t.test('a proxy that does not know us says 407: what to write where', async (t) => {
  const { proxy, servers, connect } = await setUp(t, { credentials: 'user:secret' })
  for (const scheme of ['https', 'http'] as const) {
    const without = connect(scheme).request(post, never)
    await t.rejects(without, {
      code: 'ENDPOINT_AUTH',
      message: /127\.0\.0\.1:\d+ wants a user and password \(407\)/,
      hint: /user:password@/,
    })
    const wrong = connect(scheme, { proxy: `http://user:wrong-one@127.0.0.1:${proxy.port}` })
    const error = await wrong.request(post, never).then(t.fail, (error) => error)
    t.match(error, { code: 'ENDPOINT_AUTH', message: /does not accept the user and password/ })
    t.notMatch(error.message, 'wrong-one')
    t.equal(servers[scheme].requests.length, 0)
  }
})

t.test('a proxy that is not there, or opens no way, is told from the receiver', async (t) => {
  const { proxy, connect, servers } = await setUp(t)
  const gone = await new ForwardProxy().listen()
  await gone.close()
  for (const scheme of ['https', 'http'] as const) {
    const client = connect(scheme, { proxy: `http://127.0.0.1:${gone.port}` })
    await t.rejects(client.request(post, never), {
      code: 'ENDPOINT_UNREACHABLE',
      message: `cannot go through the proxy to ${client.name}: cannot connect to http://127.0.0.1:${gone.port}: refused`,
      hint: /Does the proxy run/,
    })
  }
  await servers.https.close()
  await t.rejects(connect('https').request(post, never), { code: 'ENDPOINT_UNREACHABLE', message: /opened no way to .*: it answered 502/ })
  await t.rejects(connect('https', { proxy: `https://127.0.0.1:${proxy.port}` }).request(post, never), {
    code: 'ENDPOINT_TLS',
    hint: /http:/,
  })
})

t.test('a proxy that forbids', async (t) => {
  const { connect } = await setUp(t, { refuse: 403 })
  await t.rejects(connect('https').request(post, never), {
    code: 'ENDPOINT_REFUSED',
    message: /it answered 403/,
    hint: /what the proxy allows/,
  })
})

t.test('a proxy that hangs: the time for a connection, an abort and close() end it', async (t) => {
  const { proxy, connect } = await setUp(t, { hang: true })
  await t.rejects(connect('https', { connect_timeout: 80 }).request(post, never), {
    code: 'ENDPOINT_UNREACHABLE',
    message: /opened no way to 127\.0\.0\.1:\d+ in time/,
  })
  await proxy.until(() => proxy.open === 0)
  const client = connect('https')
  const answer = client.request(post, never)
  await proxy.until(() => proxy.asked.length === 2)
  await Promise.all([t.rejects(answer, { code: 'ENDPOINT_CLOSED' }), client.close()])
  await proxy.until(() => proxy.open === 0)
})

t.test('what ends the handshake behind a proxy is told as that', async (t) => {
  const sockets: Socket[] = []
  const breaking = createServer((socket) => {
    sockets.push(socket.on('error', () => {}))
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      socket.once('data', () => socket.resetAndDestroy())
    })
  })
  await new Promise<void>((resolve) => breaking.listen(0, '127.0.0.1', resolve))
  t.teardown(() => new Promise((resolve) => breaking.close(resolve)))
  const { connect } = await setUp(t)
  const { port } = breaking.address() as { port: number }
  const client = connect('https', { proxy: `http://127.0.0.1:${port}` })
  await t.rejects(client.request(post, never), {
    code: 'ENDPOINT_TLS',
    message: `cannot connect to ${client.name}: closed by the peer during the TLS handshake`,
  })
  const noHttp = createServer((socket) =>
    socket
      .on('error', () => {})
      .resume()
      .end('220 smtp\r\n'),
  )
  await new Promise<void>((resolve) => noHttp.listen(0, '127.0.0.1', resolve))
  t.teardown(() => new Promise((resolve) => noHttp.close(resolve)))
  const other = connect('https', { proxy: `http://127.0.0.1:${(noHttp.address() as { port: number }).port}` })
  await t.rejects(other.request(post, never), { code: 'ENDPOINT_REFUSED', message: /through the proxy .*does not speak HTTP/ })
})

t.test("the receiver's certificate is checked behind the proxy too", async (t) => {
  const { servers, connect } = await setUp(t)
  const client = connect('https', { tls: { verify: true, min_version: 'TLSv1.2' } })
  await t.rejects(client.request(post, never), { code: 'ENDPOINT_TLS', message: /signed by an unknown authority/, hint: /tls.ca_file/ })
  t.equal(servers.https.requests.length, 0)
})

t.test('close() leaves no tunnel open', async (t) => {
  const { proxy, servers, connect } = await setUp(t)
  const client = connect('https')
  await client.request(post, never)
  await client.close()
  await servers.https.until(() => servers.https.open === 0)
  await proxy.until(() => proxy.open === 0)
})
