import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createNetServer } from 'node:net'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { drain, getQueue, getStatus, queueMessages } from '../../src/health/control-client.ts'
import { shortDir } from '../support/short-dir.ts'
import { collect } from './collect.ts'

/** A relay that answers as the test wants. */
async function relay(t: Test, listener: RequestListener): Promise<string> {
  const path = join(shortDir(t), 'control.sock')
  const server = createServer(listener).listen(path)
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return path
}

test('without a relay every call is NOT_RUNNING and says what to do', async (t) => {
  const path = join(shortDir(t), 'control.sock')
  const error = { code: 'NOT_RUNNING', message: path, hint: /start it/ }
  await t.rejects(getStatus(path), error)
  await t.rejects(getQueue(path, 'nginx'), error)
  await t.rejects(drain(path), error)
  await t.rejects(queueMessages(path, 'nginx').next(), error)
  writeFileSync(path, 'a file')
  await t.rejects(getStatus(path), { code: 'NOT_RUNNING' })
})

test('a relay that takes the connection and says nothing is CONTROL_FAILED in time', async (t) => {
  const path = join(shortDir(t), 'control.sock')
  const silent = createNetServer((socket) => void t.teardown(() => socket.destroy())).listen(path)
  await once(silent, 'listening')
  t.teardown(() => silent.close())
  await t.rejects(getStatus(path, { timeoutMs: 20 }), { code: 'CONTROL_FAILED', message: /20 ms/ })
})

test('a relay that stops in the middle of an answer is CONTROL_FAILED in time', async (t) => {
  const path = await relay(t, (_request, response) => void response.writeHead(200).write('{"seq":1}\n{"seq":'))
  await t.rejects(getStatus(path, { timeoutMs: 20 }), { code: 'CONTROL_FAILED', message: /20 ms/ })
  const messages = queueMessages(path, 'nginx', { timeoutMs: 20 })
  t.match(await messages.next(), { value: { seq: 1 } })
  await t.rejects(messages.next(), { code: 'CONTROL_FAILED', message: /20 ms/ })
})

test('empty lines only say that the relay works on it; an error may be the last line', async (t) => {
  const error = JSON.stringify({ error: { code: 'QUEUE_CLOSED', message: 'closed', hint: 'wait' } })
  const path = await relay(t, (_request, response) => void response.writeHead(200).end(`\n{"seq":1}\n\n\n{"seq":2}\n${error}\n`))
  const messages = queueMessages(path, 'nginx')
  t.match([await messages.next(), await messages.next()], [{ value: { seq: 1 } }, { value: { seq: 2 } }])
  await t.rejects(messages.next(), { code: 'QUEUE_CLOSED', message: 'closed', hint: 'wait' })
})

test('what is not an answer of ours is CONTROL_FAILED', async (t) => {
  const bodies: Record<string, [status: number, body: string]> = {
    '/status': [200, 'hello'],
    '/drain': [500, 'oops'],
    '/queues/number': [200, '7'],
    '/queues/code': [418, '{"error":{"code":"TEAPOT","message":"short and stout"}}'],
    '/queues/half/messages?': [200, '{"seq":1}\n{"seq":2}'],
  }
  const path = await relay(t, (request, response) => {
    const [status, body] = bodies[request.url ?? ''] ?? [404, '{}']
    response.writeHead(status).end(body)
  })
  await t.rejects(getStatus(path), { code: 'CONTROL_FAILED', message: /not JSON/ })
  await t.rejects(drain(path), { code: 'CONTROL_FAILED', message: /HTTP 500/ })
  await t.rejects(getQueue(path, 'number'), { code: 'CONTROL_FAILED', message: /not a JSON object/ })
  await t.rejects(getQueue(path, 'code'), { code: 'CONTROL_FAILED', message: 'short and stout' })
  await t.rejects(collect(queueMessages(path, 'half')), { code: 'CONTROL_FAILED', message: /last line/ })
})

test('names are encoded, and the question is what was asked', async (t) => {
  const asked: string[] = []
  const path = await relay(t, (request, response) => {
    asked.push(`${request.method} ${request.url}`)
    response.end(request.url?.includes('messages') ? '' : '{}')
  })
  await getQueue(path, 'a/b?c')
  await collect(queueMessages(path, 'nginx', { from: 7, limit: 3 }))
  await drain(path)
  t.strictSame(asked, ['GET /queues/a%2Fb%3Fc', 'GET /queues/nginx/messages?from=7&limit=3', 'POST /drain'])
})
