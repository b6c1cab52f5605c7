import t, { type Test } from 'tap'
import type { RelayError } from '../../../src/core/errors.ts'
import type { Judgement, NumberedMessage, Verdict } from '../../../src/sinks/http/dialect.ts'
import type { HttpClient } from '../../../src/sinks/http/http-client.ts'
import type { SplunkConfig } from '../../../src/sinks/http/splunk-event.ts'
import { SplunkHecDialect, splunkAuthorization } from '../../../src/sinks/http/splunk-hec-dialect.ts'
import { clientFor } from '../../support/http-client-for.ts'
import { type ReceivedRequest, type Reply, type Script, ScriptedHttpServer } from '../../support/http-server.ts'

const never = new AbortController().signal
const success = (ackId?: number): Reply => ({ body: { text: 'Success', code: 0, ...(ackId !== undefined && { ackId }) } })

function message(text: string | Buffer, peer = '192.0.2.1'): NumberedMessage {
  const origin = { peer, port: 514, transport: 'udp' } as const
  return { bytes: Buffer.from(text), flags: 0, origin, receivedAtMs: 1_700_000_000_123, queueId: 'q', seq: 1 }
}

function dialectOf(splunk: Partial<SplunkConfig> = {}): SplunkHecDialect {
  return new SplunkHecDialect({
    splunk: { token: { value: 'T' }, acknowledgement: true, ack_timeout: 60_000, ...splunk },
    pipelineName: 'nginx',
    device: 'generic',
    timezone: 'UTC',
    endpoint: 'https://splunk:8088',
    poll: { initialMs: 1, maxMs: 4 },
  })
}

const isAck = ({ path }: ReceivedRequest) => path.startsWith('/services/collector/ack')
const asked = ({ body }: ReceivedRequest): number[] => JSON.parse(body.toString()).acks

/** An indexer; `send` answers with what became of the events, acknowledged or not. */
async function setUp(t: Test, script: Script, splunk: Partial<SplunkConfig> = {}) {
  const server = await new ScriptedHttpServer(script).listen()
  const client = clientFor(server, { authorization: splunkAuthorization({ value: 'T' }) })
  t.teardown(() => server.close())
  t.teardown(() => client.close())
  const dialect = dialectOf(splunk)
  const send = (text = 'x', signal = never) => sendWith(dialect, client, text, signal)
  return { server, client, dialect, send }
}

async function sendWith(dialect: SplunkHecDialect, client: HttpClient, text: string, signal: AbortSignal): Promise<Verdict> {
  const judgement: Judgement = dialect.judge(await client.request(dialect.request(dialect.encode(message(text)), undefined), never))
  if ('later' in judgement) return (await judgement.later(client, signal)).all
  if ('all' in judgement) return judgement.all
  throw new Error('refused')
}

t.test('an event has the raw text, its time and its sender', async (t) => {
  const event = (given: NumberedMessage, splunk = {}) => JSON.parse(dialectOf(splunk).encode(given).toString())
  t.same(event(message('<34>1 2003-10-11T22:14:15.0039Z web-1 su 7 - - x\n"y"')), {
    time: 1065910455.003,
    host: 'web-1',
    source: 'nginx',
    event: '<34>1 2003-10-11T22:14:15.0039Z web-1 su 7 - - x\n"y"',
    fields: { peer: '192.0.2.1', facility: 'auth', severity: 'Critical', appname: 'su' },
  })
  t.same(event(message('plain', 's3://b/k'), { index: 'main', source: 'own', sourcetype: 'syslog' }), {
    time: 1_700_000_000.123,
    host: 's3://b/k',
    source: 'own',
    sourcetype: 'syslog',
    index: 'main',
    event: 'plain',
    fields: { peer: 's3://b/k' },
  })
  const latin1 = Buffer.from([0x61, 0xe4])
  t.match(event(message(latin1)), { event: 'a\ufffd', fields: { original_base64: latin1.toString('base64') } })
})

t.test('the request, with the token and the channel', async (t) => {
  const { server, send, dialect } = await setUp(t, () => success(), { acknowledgement: false })
  t.equal(await send('one'), 'delivered')
  const [request] = server.requests
  t.match(request, { method: 'POST', path: '/services/collector/event' })
  t.match(request?.headers, {
    authorization: 'Splunk T',
    'content-type': 'application/json',
    'x-splunk-request-channel': /^[0-9a-f-]{36}$/,
  })
  t.equal(JSON.parse(String(request?.body)).event, 'one')
  t.equal(dialect.request(Buffer.from('x'), 'gzip').headers?.['content-encoding'], 'gzip')
  t.throws(() => dialect.request(Buffer.from('x'), 'zstd'), { code: 'CONFIG_INVALID' })
  t.not(
    dialectOf().request(Buffer.from('x'), undefined).headers?.['x-splunk-request-channel'],
    request?.headers['x-splunk-request-channel'],
  )
})

t.test('events are delivered when they are indexed: one question for all that is outstanding', async (t) => {
  let ackId = 0
  const indexed = new Set<number>()
  const { server, send } = await setUp(t, (request) => {
    if (!isAck(request)) return success(ackId++)
    return { body: { acks: Object.fromEntries(asked(request).map((id) => [id, indexed.has(id)])) } }
  })
  const questions = () => server.requests.filter(isAck)
  const fates = [send(), send(), send()]
  await server.until(() => questions().some((question) => asked(question).length === 3))
  const settled: number[] = []
  for (const [i, fate] of fates.entries()) void fate.then(() => settled.push(i))
  await server.until(() => questions().length >= 5)
  t.same(settled, [], 'taken is not indexed')
  indexed.add(1)
  await Promise.race(fates)
  await server.until(() => asked(questions().at(-1) as ReceivedRequest).length === 2)
  t.notOk(asked(questions().at(-1) as ReceivedRequest).includes(1))
  t.equal(settled.length, 1)
  indexed.add(0).add(2)
  t.same(await Promise.all(fates), ['delivered', 'delivered', 'delivered'])
  const [question] = questions()
  const channel = server.requests[0]?.headers['x-splunk-request-channel']
  t.match(question, { method: 'POST', path: `/services/collector/ack?channel=${channel}` })
  t.match(question?.headers, { authorization: 'Splunk T', 'x-splunk-request-channel': channel })
  const before = questions().length
  indexed.add(3)
  t.equal(await send(), 'delivered', 'and begins to ask again')
  t.same(asked(questions().at(-1) as ReceivedRequest), [3])
  t.ok(questions().length > before)
})

t.test('an indexer that forgot says false for ever: the events are sent again', async (t) => {
  const { send } = await setUp(t, (request) => (isAck(request) ? { body: { acks: { 1: false } } } : success(1)), { ack_timeout: 50 })
  t.match(await send(), { retry: { code: 'ENDPOINT_REFUSED', message: /not indexed within 0.05 s/, hint: /sticky sessions/ } })
})

t.test('nobody waits any more: it is not asked any more', async (t) => {
  const { server, send } = await setUp(t, (request) => (isAck(request) ? 'hang' : success(1)))
  const stop = new AbortController()
  const fate = send('x', stop.signal)
  await server.until(() => server.requests.some(isAck))
  stop.abort()
  t.match(await fate, { retry: { code: 'ENDPOINT_CLOSED' } })
  t.match(await send('x', stop.signal), { retry: { code: 'ENDPOINT_CLOSED' } })
  const question = server.requests.find(isAck) as ReceivedRequest
  await server.until(() => server.connections[question.connection]?.destroyed === true)
})

t.test('questions that fail are asked again, a few times; what will not change is told at once', async (t) => {
  const replies: (Reply | 'close')[] = ['close', { status: 500 }, { status: 503 }, { status: 500 }, { body: { acks: { 1: true } } }]
  const patient = await setUp(t, (request) => (isAck(request) ? (replies.shift() as Reply) : success(1)))
  t.equal(await patient.send(), 'delivered')
  for (const [reply, code, questions] of [
    [{ status: 500 }, 'ENDPOINT_REFUSED', 5],
    ['close', 'ENDPOINT_CLOSED', 5],
    [{ status: 400, body: { text: 'ACK is disabled', code: 14 } }, 'ENDPOINT_REFUSED', 1],
    [{ status: 401 }, 'ENDPOINT_AUTH', 1],
    [{ body: '<!doctype html>' }, 'ENDPOINT_REFUSED', 1],
    [{ body: 'null' }, 'ENDPOINT_REFUSED', 1],
  ] as const) {
    const { server, send } = await setUp(t, (request) => (isAck(request) ? reply : success(1)))
    t.match(await send(), { retry: { name: 'RelayError', code } })
    t.equal(server.requests.filter(isAck).length, questions)
  }
})

t.test('the same number again comes from an indexer that began anew', async (t) => {
  let indexed = false
  const { server, send } = await setUp(t, (request) => (isAck(request) ? { body: { acks: { 0: indexed } } } : success(0)))
  const first = send()
  await server.until(() => server.requests.some(isAck))
  const second = send()
  t.match(await first, { retry: { code: 'ENDPOINT_REFUSED' } })
  indexed = true
  t.equal(await second, 'delivered')
})

t.test('a token without acknowledgement: events are not sent again and again', async (t) => {
  let enabled = false
  const { server, send } = await setUp(t, (request) => {
    if (!enabled) return isAck(request) ? { status: 400, body: { text: 'ACK is disabled', code: 14 } } : success()
    return isAck(request) ? { body: { acks: Object.fromEntries(asked(request).map((id) => [id, id === 5])) } } : success(5)
  })
  for (let i = 0; i < 4; i++) t.match(await send(), { retry: { code: 'ENDPOINT_REFUSED', hint: /splunk.acknowledgement: false/ } })
  t.equal(server.requests.filter((request) => !isAck(request)).length, 1)
  enabled = true
  t.match(await send(), { retry: { code: 'ENDPOINT_REFUSED', message: /acknowledges again/ } })
  t.equal(await send(), 'delivered')
})

t.test('a question that is refused says nothing of the events', async (t) => {
  for (const status of [400, 413, 422]) {
    const { server, send } = await setUp(t, (request) =>
      isAck(request) ? { status, body: { text: 'Invalid path', code: 404 } } : success(),
    )
    for (let i = 0; i < 3; i++) t.match(await send(), { retry: { name: 'RelayError' } })
    t.equal(server.requests.filter((request) => !isAck(request)).length, 1)
  }
})

t.test('while questions are refused or not answered no event is sent a second time', async (t) => {
  for (const [refusal, splunk] of [
    [{ status: 404, body: 'not found' }, {}],
    [{ status: 403 }, {}],
    [{ status: 400, body: { text: 'ACK is disabled', code: 14 } }, {}],
    [{ status: 500 }, {}],
    ['close', {}],
    ['hang', { ack_timeout: 30 }],
    [{ status: 503 }, { ack_timeout: 30 }],
  ] as const) {
    let ackId = 0
    let well = false
    const { server, send } = await setUp(
      t,
      (request) => {
        if (!isAck(request)) return success(ackId++)
        return well ? { body: { acks: Object.fromEntries(asked(request).map((id) => [id, true])) } } : refusal
      },
      splunk,
    )
    const events = () => server.requests.filter((request) => !isAck(request)).length
    t.match(await send(), { retry: { name: 'RelayError' } })
    if (refusal !== 'hang') for (let i = 0; i < 3; i++) await send().catch(() => undefined)
    t.equal(events(), 1)
    well = true
    t.match(await send(), { retry: { message: /acknowledges again/ } })
    t.equal(await send(), 'delivered')
    t.equal(events(), 2)
  }
})

t.test('what the codes mean', async (t) => {
  const judge = (status: number, body: object | string, headers = {}) =>
    dialectOf().judge({ status, headers, body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) })
  for (const [status, code, expected] of [
    [403, 1, 'ENDPOINT_AUTH'],
    [401, 2, 'ENDPOINT_AUTH'],
    [401, 3, 'ENDPOINT_AUTH'],
    [403, 4, 'ENDPOINT_AUTH'],
    [400, 5, 'ENDPOINT_REFUSED'],
    [400, 7, 'ENDPOINT_REFUSED'],
    [500, 8, 'ENDPOINT_REFUSED'],
    [503, 9, 'ENDPOINT_BUSY'],
    [400, 10, 'ENDPOINT_REFUSED'],
    [400, 11, 'ENDPOINT_REFUSED'],
    [400, 14, 'ENDPOINT_REFUSED'],
    [200, 17, 'ENDPOINT_REFUSED'],
  ] as const) {
    const judgement = judge(status, { text: `text ${code}`, code })
    t.match(judgement, { all: { retry: { code: expected, message: `text ${code}` } } }, `code ${code}`)
    t.equal((judgement as { all: { busy?: boolean } }).all.busy ?? false, code === 9)
  }
  for (const code of [6, 12, 13, 15])
    t.match(judge(400, { text: 'x', code, 'invalid-event-number': 1 }), { refused: { code: 'DOCUMENT_REFUSED' }, tooLarge: false })
  t.match(judge(413, 'too large'), { refused: { code: 'MESSAGE_TOO_LARGE' }, tooLarge: true })
  t.match(judge(503, { code: 9 }, { 'retry-after': '2' }), { all: { busy: true }, afterMs: 2000 })
  for (const body of ['', 'OK', '[]', '"x"', '{"text":"Succ', '<!doctype html>'])
    t.match(judge(200, body), { all: { retry: { code: 'ENDPOINT_REFUSED' } } }, `a success that says ${body}`)
  const { hint } = (judge(400, { code: 7 }) as { all: { retry: RelayError } }).all.retry
  t.match(hint, /splunk.index/)
})
