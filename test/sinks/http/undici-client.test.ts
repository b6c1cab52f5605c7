import { once } from 'node:events'
import { createServer } from 'node:net'
import t, { type Test } from 'tap'
import { RelayError } from '../../../src/core/errors.ts'
import type { HttpRequest } from '../../../src/sinks/http/http-client.ts'
import { type ClientWishes, clientFor } from '../../support/http-client-for.ts'
import { type ReceivedRequest, type Script, ScriptedHttpServer } from '../../support/http-server.ts'

const post: HttpRequest = { method: 'POST', path: '/', body: Buffer.from('hello') }
const never = new AbortController().signal

async function setUp(t: Test, script: Script, wishes: ClientWishes = {}) {
  const server = await new ScriptedHttpServer(script).listen()
  const client = clientFor(server, wishes)
  t.teardown(() => server.close())
  t.teardown(() => client.close())
  return { server, client }
}

t.test('asks with all headers, and gives the answer as it came', async (t) => {
  const { server, client } = await setUp(t, () => ({ status: 418, headers: { 'x-own': 'yes' }, body: { a: 1 } }), {
    username: 'jörg',
    password: { value: 'päss:wörd' },
    headers: { 'X-Key': { value: 'ключ' } },
  })
  const answer = await client.request({ ...post, headers: { 'Content-Type': 'text/plain' } }, never)
  t.equal(answer.status, 418)
  t.equal(answer.headers['x-own'], 'yes')
  t.equal(answer.body.toString(), '{"a":1}')
  const [asked] = server.requests
  t.match(asked, { method: 'POST', path: '/', body: Buffer.from('hello') })
  t.match(asked?.headers, {
    authorization: `Basic ${Buffer.from('jörg:päss:wörd').toString('base64')}`,
    'accept-encoding': 'gzip',
    'content-length': '5',
    'content-type': 'text/plain',
    host: `127.0.0.1:${server.port}`,
    'user-agent': 'logrelay',
    'x-key': Buffer.from('ключ').toString('latin1'),
  })
})

t.test('configured headers have the last word, a given authorization comes before user and password', async (t) => {
  const { server, client } = await setUp(t, () => ({}), {
    username: 'a',
    password: { value: 'b' },
    headers: { 'CONTENT-type': { value: 'own/type' } },
    authorization: async () => 'ApiKey abc',
  })
  await client.request({ ...post, headers: { 'content-type': 'text/plain' } }, never)
  t.match(server.requests[0]?.headers, { authorization: 'ApiKey abc', 'content-type': 'own/type' })
})

t.test("the endpoint's path and query come before those of the request, and its query is not in the name", async (t) => {
  for (const [path, own, asked] of [
    ['', '/', '/'],
    ['/hook', '/', '/hook'],
    ['/hook/', '/', '/hook/'],
    ['/hook?key=1', '/', '/hook?key=1'],
    ['?key=1', '/', '/?key=1'],
    ['/base', '/_bulk', '/base/_bulk'],
    ['/base/?key=1', '/_bulk?b=2', '/base/_bulk?key=1&b=2'],
  ] as const) {
    const { server, client } = await setUp(t, () => ({}), { path })
    await client.request({ ...post, path: own }, never)
    t.equal(server.requests[0]?.path, asked)
    t.notMatch(client.name, 'key')
  }
})

t.test('connections are kept, and no more are opened than requests may be in flight', async (t) => {
  const { server, client } = await setUp(t, () => ({}), { max_requests_in_flight: 2 })
  await Promise.all(Array.from({ length: 10 }, () => client.request(post, never)))
  t.equal(server.requests.length, 10)
  t.equal(server.connections.length, 2)
})

t.test('answers are decompressed', async (t) => {
  const { client } = await setUp(t, () => ({ gzip: true, body: 'x'.repeat(100_000) }))
  t.equal((await client.request(post, never)).body.length, 100_000)
})

t.test('an answer to HEAD has no body to decompress', async (t) => {
  const { client } = await setUp(t, () => ({ gzip: true, body: 'x' }))
  t.equal((await client.request({ method: 'HEAD', path: '/' }, never)).body.length, 0)
})

t.test('answers that are too large, compressed or not, or cannot be decompressed, are refused', async (t) => {
  for (const gzip of [false, true]) {
    const { client } = await setUp(t, () => ({ gzip, body: 'x'.repeat(100_000) }), { maxAnswerBytes: 99_999 })
    await t.rejects(client.request(post, never), { code: 'ENDPOINT_REFUSED', message: /more than 99999 bytes/ })
  }
  for (const [encoding, words] of [
    ['gzip', /cannot be decompressed/],
    ['br', /encoding that nobody asked for: "br"/],
  ] as const) {
    const { client } = await setUp(t, () => ({ body: 'plain', headers: { 'content-encoding': encoding } }))
    await t.rejects(client.request(post, never), { code: 'ENDPOINT_REFUSED', message: words })
  }
})

t.test('a connection that ends before the answer, or within it, is an error, and nothing is sent a second time', async (t) => {
  for (const [end, words] of [
    ['close', /closed by the peer$/],
    ['reset', /reset by the peer$/],
    [{ body: 'x'.repeat(100_000), ending: 'cut' }, /its answer was cut off$/],
    [{ body: 'x'.repeat(100_000), ending: 'cut', headers: { 'transfer-encoding': 'chunked' } }, /its answer was cut off$/],
  ] as const) {
    let first = true
    const script = () => {
      if (!first) return end
      first = false
      return { body: 'ok' }
    }
    const { server, client } = await setUp(t, script, { max_requests_in_flight: 1 })
    await client.request(post, never)
    await t.rejects(client.request(post, never), { name: 'RelayError', code: 'ENDPOINT_CLOSED', message: words })
    t.equal(server.requests.length, 2)
    t.equal(server.connections.length, 1, 'on the kept connection')
  }
})

t.test('after a connection that was lost the next request has a new one', async (t) => {
  const { server, client } = await setUp(t, ({ connection }) => (connection === 0 ? 'close' : {}), { max_requests_in_flight: 1 })
  await t.rejects(client.request(post, never), { code: 'ENDPOINT_CLOSED' })
  t.equal((await client.request(post, never)).status, 200)
  t.equal(server.connections.length, 2)
})

t.test('request_timeout counts to the last byte', async (t) => {
  for (const script of [() => 'hang' as const, () => ({ headers: { 'content-length': '10' }, body: 'half' })]) {
    const { server, client } = await setUp(t, script, { request_timeout: 60 })
    await t.rejects(client.request(post, never), { code: 'ENDPOINT_CLOSED', message: /did not answer within 0.06 s \(request_timeout\)/ })
    await server.until(() => server.connections[0]?.destroyed === true)
  }
})

t.test('an abort is heard at once, with its own reason where that is one of ours', async (t) => {
  const { server, client } = await setUp(t, () => 'hang')
  for (const [reason, code] of [
    [new RelayError('QUEUE_CLOSED', 'stopping'), 'QUEUE_CLOSED'],
    [undefined, 'ENDPOINT_CLOSED'],
  ] as const) {
    const stop = new AbortController()
    const asked = server.requests.length
    const answer = client.request(post, stop.signal)
    await server.until(() => server.requests.length > asked)
    stop.abort(reason)
    await t.rejects(answer, { code })
    const { connection } = server.requests.at(-1) as ReceivedRequest
    await server.until(() => server.connections[connection]?.destroyed === true)
    await t.rejects(client.request(post, stop.signal), { code }, 'and before it began')
    t.equal(server.requests.length, asked + 1)
  }
})

t.test('an abort while the connection opens is heard, and so is close()', async (t) => {
  // A TLS handshake that never goes on: what listens reads nothing.
  const silent = createServer((socket) => socket.on('error', () => {}))
  silent.listen(0, '127.0.0.1')
  await once(silent, 'listening')
  t.teardown(() => new Promise((resolve) => silent.close(resolve)))
  const client = clientFor(silent.address() as { port: number }, { scheme: 'https' })
  const stop = new AbortController()
  const first = client.request(post, stop.signal)
  const [socket] = await once(silent, 'connection')
  stop.abort()
  await t.rejects(first, { code: 'ENDPOINT_CLOSED' })
  const gone = once(socket, 'close')
  const second = client.request(post, never)
  await Promise.all([t.rejects(second, { code: 'ENDPOINT_CLOSED' }), client.close()])
  socket.resume()
  await gone
})

t.test('close() ends requests and connections; whoever asks then is told, and it may be called again', async (t) => {
  const { server, client } = await setUp(t, ({ path }) => (path === '/hang' ? 'hang' : {}))
  await client.request(post, never)
  const answer = client.request({ ...post, path: '/hang' }, never)
  await server.until(() => server.requests.length === 2)
  await Promise.all([t.rejects(answer, { code: 'ENDPOINT_CLOSED', message: /are closed/ }), client.close()])
  await server.until(() => server.open === 0)
  await t.rejects(client.request(post, never), { code: 'ENDPOINT_CLOSED', message: /are closed/ })
  await client.close()
})

t.test('what is not there, or no HTTP server, is told with what to do', async (t) => {
  const { server, client } = await setUp(t, () => ({}))
  await server.close()
  await t.rejects(client.request(post, never), {
    code: 'ENDPOINT_UNREACHABLE',
    message: `cannot connect to http://127.0.0.1:${server.port}: refused`,
  })
  await server.listen()
  t.equal((await client.request(post, never)).status, 200, 'and is found when it is there again')

  const noHttp = createServer((socket) =>
    socket
      .on('error', () => {})
      .resume()
      .end('220 smtp.example.com ESMTP\r\n'),
  )
  noHttp.listen(0, '127.0.0.1')
  await once(noHttp, 'listening')
  t.teardown(() => new Promise((resolve) => noHttp.close(resolve)))
  const other = clientFor(noHttp.address() as { port: number })
  t.teardown(() => other.close())
  await t.rejects(other.request(post, never), { code: 'ENDPOINT_REFUSED', message: /does not speak HTTP/, hint: /https:/ })
})

t.test('a header that cannot be sent, or a secret that cannot be read, is told and leaves no connection', async (t) => {
  const { server, client } = await setUp(t, () => ({}), { headers: { 'Transfer-Encoding': { value: 'chunked' } } })
  await t.rejects(client.request(post, never), {
    code: 'ENDPOINT_REFUSED',
    message: /a header cannot be sent/,
    hint: /headers of this sink/,
  })
  const secret = clientFor(server, { username: 'a', password: { file: '/nowhere/password' } })
  t.teardown(() => secret.close())
  await t.rejects(secret.request(post, never), { code: 'SECRET_UNREADABLE', message: '/nowhere/password cannot be read (ENOENT)' })
  t.equal(server.connections.length, 0)
})
