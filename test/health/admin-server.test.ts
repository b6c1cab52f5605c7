import { once } from 'node:events'
import { Agent } from 'node:http'
import { connect, createServer } from 'node:net'
import { type Test, test } from 'tap'
import type { RelayStatus } from '../../src/core/status.ts'
import { AdminServer, HealthServer } from '../../src/health/admin-server.ts'
import { maxRequestsPerConnection } from '../../src/health/http-listener.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { samplePipeline, sampleStatus } from '../support/sample-status.ts'
import { type Answer, fetchHttp } from './request.ts'

const listen = { host: '127.0.0.1', port: 0 }
const metrics = { contentType: 'text/plain; version=0.0.4', text: async () => 'logrelay_queue_messages{pipeline="nginx"} 14\n' }

async function started(t: Test, options: { metrics?: typeof metrics } = {}) {
  const current = { status: sampleStatus() as RelayStatus }
  const log = new RecordingLogger()
  const server = new AdminServer({ listen, status: () => current.status, metrics, log, ...options })
  await server.start()
  t.teardown(() => server.stop(AbortSignal.abort()))
  const port = server.address?.port ?? 0
  const ask = (path: string, more = {}): Promise<Answer> => fetchHttp({ host: '127.0.0.1', port, path, ...more })
  return { server, current, log, port, ask }
}

test('livez, status and metrics', async (t) => {
  const { ask } = await started(t)
  t.match(await ask('/livez'), { status: 200, text: 'ok\n' })
  const status = await ask('/status')
  t.equal(status.headers['content-type'], 'application/json; charset=utf-8')
  t.strictSame(status.json(), sampleStatus())
  const scraped = await ask('/metrics')
  t.match(scraped, { status: 200, headers: { 'content-type': metrics.contentType }, text: await metrics.text() })
})

test('readyz answers for the relay or for one pipeline, with reasons', async (t) => {
  const { ask, current } = await started(t)
  const ready = await ask('/readyz')
  t.equal(ready.status, 200)
  t.strictSame(ready.json(), { ready: true, reasons: [], state: 'running', pipelines: { nginx: { ready: true, reasons: [] } } })

  const linux = samplePipeline({ ready: false, reasons: ['the queue is full'] })
  current.status = sampleStatus({ ready: false, reasons: ['linux: the queue is full'], pipelines: { nginx: samplePipeline(), linux } })
  const red = await ask('/readyz')
  t.equal(red.status, 503)
  t.match(red.json(), { ready: false, pipelines: { nginx: { ready: true }, linux: { ready: false, reasons: ['the queue is full'] } } })
  t.equal((await ask('/readyz?pipeline=nginx')).status, 200)
  const one = await ask('/readyz?pipeline=linux')
  t.equal(one.status, 503)
  t.strictSame(Object.keys(one.json<{ pipelines: object }>().pipelines), ['linux'])
  t.equal((await ask('/readyz?pipeline=nosuch')).status, 404)
  t.equal((await ask('/readyz?pipeline=constructor')).status, 404)
})

test('nothing is ready while the relay starts or drains, whatever its pipelines say', async (t) => {
  const { ask, current } = await started(t)
  for (const state of ['starting', 'draining', 'stopped'] as const) {
    const reasons = [`the relay is ${state}`]
    current.status = sampleStatus({ state, reasons })
    const answer = await ask('/readyz')
    t.equal(answer.status, 503, state)
    t.strictSame(answer.json(), { ready: false, reasons, state, pipelines: { nginx: { ready: false, reasons } } }, 'and says so once')
    const one = await ask('/readyz?pipeline=nginx')
    t.equal(one.status, 503)
    t.strictSame(one.json<{ reasons: string[] }>().reasons, reasons)
    t.equal((await ask('/livez')).status, 200)
  }
})

test('HEAD is GET without the body; other methods and paths are refused', async (t) => {
  const { ask } = await started(t)
  const head = await ask('/readyz', { method: 'HEAD' })
  t.match(head, { status: 200, text: '' })
  t.ok(Number(head.headers['content-length']) > 10)
  const post = await ask('/status', { method: 'POST' })
  t.match(post, { status: 405, headers: { allow: 'GET, HEAD' } })
  for (const path of ['/', '/nosuch', '/constructor', '//livez', '/livez/', '/%zz']) t.equal((await ask(path)).status, 404, path)
  t.equal((await ask(`/livez?${'x'.repeat(10_000)}`)).status, 431)
})

test('on loopback only hosts that mean this machine are answered', async (t) => {
  const { ask } = await started(t)
  const status = async (host: string) => (await ask('/status', { headers: { Host: host } })).status
  for (const host of ['127.0.0.1', 'localhost:9440', 'LOCALHOST', '[::1]:9440', '192.0.2.7:1']) t.equal(await status(host), 200, host)
  for (const host of ['rebind.example.com', '127.0.0.1.example.com', 'localhost.example.com:9440']) t.equal(await status(host), 421, host)
})

test('a probe of HTTP/1.0 without a Host header is answered', async (t) => {
  const { port } = await started(t)
  const socket = connect(port, '127.0.0.1')
  socket.end('GET /livez HTTP/1.0\r\n\r\n')
  let text = ''
  for await (const piece of socket) text += piece
  t.match(text, /^HTTP\/1\.1 200 .*ok\n$/s)
})

test('junk gets a 400, a body closes the connection, and the next one is answered', async (t) => {
  const { port, ask } = await started(t)
  for (const [bytes, answer] of [
    ['\x16\x03\x01\x02\x00junk\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['POST /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999\r\n\r\nx', /^HTTP\/1\.1 405 .*Connection: close/is],
  ] as const) {
    const socket = connect(port, '127.0.0.1')
    socket.write(bytes)
    let text = ''
    for await (const piece of socket) text += piece
    t.match(text, answer)
  }
  t.equal((await ask('/livez')).status, 200)
})

test('a failing handler is a 500 and a line in the log', async (t) => {
  const text = () => Promise.reject(new Error('registry broken'))
  const { ask, log } = await started(t, { metrics: { ...metrics, text } })
  const answer = await ask('/metrics')
  t.equal(answer.status, 500)
  t.match(answer.json(), { error: { code: 'INTERNAL', message: 'registry broken' } })
  t.match(log.lines, [{ level: 'error', fields: { url: '/metrics', listener: 'admin.listen', error: { code: 'INTERNAL' } } }])
})

test('requests that are sent in one go are answered up to a bound, and then their connection ends', async (t) => {
  let asked = 0
  const server = new HealthServer({
    listen,
    status: () => {
      asked++
      return sampleStatus()
    },
    log: new RecordingLogger(),
  })
  await server.start()
  t.teardown(() => server.stop(AbortSignal.abort()))
  const port = server.address?.port ?? 0
  const socket = connect(port, '127.0.0.1')
  socket.write('GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(500))
  let text = ''
  for await (const piece of socket) text += piece
  t.equal(text.match(/^HTTP\/1\.1 200 /gm)?.length, maxRequestsPerConnection)
  t.equal(asked, maxRequestsPerConnection)

  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  for (let i = 0; i < 2 * maxRequestsPerConnection; i++) {
    t.equal((await fetchHttp({ agent, host: '127.0.0.1', port, path: '/readyz' })).status, 200, 'whoever waits for each answer')
  }
})

test('more connections than the bound are closed, and that is logged once', async (t) => {
  const { port, log, ask } = await started(t)
  const open = []
  for (let i = 0; i < 64; i++) {
    const socket = connect(port, '127.0.0.1')
    open.push(socket)
    await once(socket, 'connect')
  }
  await t.rejects(ask('/livez'), { code: 'ECONNRESET' })
  await t.rejects(ask('/livez'), { code: 'ECONNRESET' })
  t.strictSame(log.messages('warn'), ['too many connections to an HTTP listener: further ones are closed'])
  for (const socket of open) socket.destroy()
})

test('a taken port is PORT_IN_USE, an address of another machine PORT_UNAVAILABLE', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  t.teardown(() => other.close())
  const { port } = other.address() as { port: number }
  const options = { status: sampleStatus, metrics, log: new RecordingLogger() }
  const taken = new AdminServer({ ...options, listen: { host: '127.0.0.1', port } })
  await t.rejects(taken.start(), { code: 'PORT_IN_USE', message: `127.0.0.1:${port}`, hint: /^set admin\.listen / })
  await taken.stop(AbortSignal.abort())
  const health = new HealthServer({ ...options, listen: { host: '127.0.0.1', port } })
  await t.rejects(health.start(), { code: 'PORT_IN_USE', hint: /^set health\.listen / })
  const elsewhere = new AdminServer({ ...options, listen: { host: '192.0.2.1', port: 0 } })
  await t.rejects(elsewhere.start(), { code: 'PORT_UNAVAILABLE', hint: /^admin\.listen / })
})

test('the health listener has livez and readyz alone, under any name', async (t) => {
  const server = new HealthServer({ listen, status: sampleStatus, log: new RecordingLogger() })
  await server.start()
  t.teardown(() => server.stop(AbortSignal.abort()))
  const status = async (path: string) =>
    (await fetchHttp({ host: '127.0.0.1', port: server.address?.port, path, headers: { Host: 'relay.example.com' } })).status
  t.equal(await status('/livez'), 200)
  t.equal(await status('/readyz?pipeline=nginx'), 200)
  t.equal(await status('/metrics'), 404)
  t.equal(await status('/status'), 404)
})

// Without the cut the idle timeout would end the request, three times as late.
test('stop answers what is under way, cuts it at the deadline, and may be called twice and before start', { timeout: 5_000 }, async (t) => {
  const waiting = Promise.withResolvers<string>()
  const asked = Promise.withResolvers<void>()
  const text = () => {
    asked.resolve()
    return waiting.promise
  }
  const never = new AdminServer({ listen, status: sampleStatus, metrics, log: new RecordingLogger() })
  await never.stop(AbortSignal.abort())

  const { server, ask, port } = await started(t, { metrics: { ...metrics, text } })
  const agent = new Agent({ keepAlive: true })
  const answer = ask('/metrics', { agent })
  await asked.promise
  const stopped = server.stop(AbortSignal.timeout(60_000))
  await t.rejects(ask('/livez'), { code: 'ECONNREFUSED' })
  waiting.resolve('late\n')
  t.match(await answer, { status: 200, text: 'late\n', headers: { connection: 'close' } })
  await stopped
  await server.stop(AbortSignal.abort())
  await t.rejects(fetchHttp({ host: '127.0.0.1', port }), { code: 'ECONNREFUSED' })

  const hangs = Promise.withResolvers<void>()
  const hang = () => {
    hangs.resolve()
    return new Promise<string>(() => {})
  }
  const hanging = await started(t, { metrics: { ...metrics, text: hang } })
  const cut = t.rejects(hanging.ask('/metrics'), { code: 'ECONNRESET' })
  await hangs.promise
  await hanging.server.stop(AbortSignal.abort())
  await cut
})
