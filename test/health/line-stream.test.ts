import { once } from 'node:events'
import { createServer, get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { type Test, test } from 'tap'
import { RelayError } from '../../src/core/errors.ts'
import { streamLines } from '../../src/health/line-stream.ts'

const never = new AbortController().signal

/** The answer that these values make. */
async function answerOf(t: Test, values: AsyncIterable<object>, { signal = never, heartbeatMs = 60_000 } = {}): Promise<IncomingMessage> {
  const server = createServer((_request, response) => void streamLines(values, response, signal, heartbeatMs)).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const [answer] = await once(get({ port, host: '127.0.0.1', agent: false }), 'response')
  return answer
}

test('while it waits for a value it says that it lives', async (t) => {
  const heard = Promise.withResolvers<void>()
  async function* values() {
    await heard.promise
    yield { a: 1 }
  }
  const answer = await answerOf(t, values(), { heartbeatMs: 1 })
  const [first] = await once(answer, 'data')
  t.match(String(first), /^\n+$/)
  heard.resolve()
  t.match(await text(answer), /^\n*\{"a":1\}\n\n*$/)
})

test('an error is the last line; an abort breaks the answer off', async (t) => {
  async function* failing() {
    yield { a: 1 }
    throw new RelayError('QUEUE_CLOSED', 'closed', { hint: 'wait' })
  }
  t.equal(await text(await answerOf(t, failing())), '{"a":1}\n{"error":{"code":"QUEUE_CLOSED","message":"closed","hint":"wait"}}\n')
  const abort = new AbortController()
  async function* aborted() {
    yield { a: 1 }
    abort.abort()
  }
  await t.rejects(text(await answerOf(t, aborted(), { signal: abort.signal })))
})
