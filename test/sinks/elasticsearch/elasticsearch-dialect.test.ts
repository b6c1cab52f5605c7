import { type Test, test } from 'tap'
import type { ElasticsearchSinkConfig } from '../../../src/config/schema.ts'
import { ElasticsearchDialect } from '../../../src/sinks/elasticsearch/elasticsearch-dialect.ts'
import type { Judgement, NumberedMessage } from '../../../src/sinks/http/dialect.ts'
import { BulkServer, type BulkServerOptions } from '../../support/bulk-server.ts'
import { elasticsearchSink } from '../../support/elasticsearch-sink.ts'
import { clientFor } from '../../support/http-client-for.ts'

const never = new AbortController().signal

function dialectOf(sink: Partial<Record<keyof ElasticsearchSinkConfig, unknown>> = {}, device = 'nginx'): ElasticsearchDialect {
  return new ElasticsearchDialect({ sink: elasticsearchSink(sink), pipeline: 'Web-1', device, timezone: 'UTC', endpoint: 'http://es' })
}

function message(
  seq: number,
  text = `<13>Nov 22 08:00:00 web-1 nginx: message ${seq}`,
  receivedAtMs = Date.parse('2026-11-22T08:00:05Z'),
): NumberedMessage {
  const origin = { peer: '192.0.2.1', port: 5140, transport: 'tcp' as const }
  return { bytes: Buffer.from(text), flags: 0, origin, receivedAtMs, queueId: '1b4e28ba-2fa1-11d2-883f-0016d3cca427', seq }
}

function lines(document: Buffer | string): unknown[] {
  const text = document.toString()
  if (!text.endsWith('\n')) throw new Error('the last line ends too')
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => JSON.parse(line))
}

async function serverFor(t: Test, options?: BulkServerOptions) {
  const server = await BulkServer.start(options)
  const client = clientFor({ port: Number(new URL(server.url).port) })
  t.teardown(async () => {
    await client.close()
    await server.stop()
  })
  const send = async (dialect: ElasticsearchDialect, messages: NumberedMessage[]): Promise<Judgement> => {
    const body = Buffer.from(messages.map((one) => dialect.encode(one)).join(''))
    return dialect.judge(await client.request(dialect.request(body, undefined), never), messages.length)
  }
  return { server, client, send }
}

test('documents of a data stream: its name is in the path', async (t) => {
  const dialect = dialectOf({ labels: { site: 'a' } }, 'cisco-asa')
  const [action, document] = lines(dialect.encode(message(1)))
  t.strictSame(action, { create: { _id: 'G04oui-hEdKIPwAW08ykJw-00000000001' } })
  t.match(document, {
    message: 'message 1',
    data_stream: { type: 'logs', dataset: 'logrelay.cisco_asa', namespace: 'default' },
    event: { module: 'cisco-asa', dataset: 'logrelay.cisco_asa' },
    observer: { vendor: 'Cisco', product: 'ASA', type: 'firewall', hostname: 'web-1' },
    labels: { site: 'a' },
  })
  const { method, path, headers } = dialect.request(Buffer.alloc(0), 'gzip')
  t.equal(method, 'POST')
  t.equal(path, '/logs-logrelay.cisco_asa-default/_bulk?filter_path=took,errors,items.*.status,items.*.error')
  t.strictSame(headers, { 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' })
  t.notOk('content-encoding' in (dialect.request(Buffer.alloc(0), undefined).headers ?? {}))
})

test('documents of an index by day: each names its own, by the day of its receipt', async (t) => {
  const dialect = dialectOf({ index: 'syslog-{pipeline}-{yyyy.MM.dd}', ingest_pipeline: 'a b&c' })
  const indexOf = (date: string) => (lines(dialect.encode(message(1, '<13>x', Date.parse(date))))[0] as { create: object }).create
  t.match(indexOf('2026-11-22T23:59:59.999Z'), { _index: 'syslog-web-1-2026.11.22' })
  t.match(indexOf('2026-11-23T00:00:00Z'), { _index: 'syslog-web-1-2026.11.23' })
  t.match(dialect.request(Buffer.alloc(0), undefined).path, /^\/_bulk\?filter_path=[^&]*&pipeline=a%20b%26c$/)
  t.notOk('data_stream' in (lines(dialect.encode(message(1)))[1] as object))
})

test('an index without a date is in the path as well', async (t) => {
  const dialect = dialectOf({ index: 'syslog-{device}' })
  t.strictSame(Object.keys((lines(dialect.encode(message(1)))[0] as { create: object }).create), ['_id'])
  t.match(dialect.request(Buffer.alloc(0), undefined).path, /^\/syslog-nginx\/_bulk\?/)
})

test('a message is one line whatever is in it', async (t) => {
  const dialect = dialectOf({ json_body: 'merge', event_original: true })
  for (const text of ['<13>a\nb\r\u2028"\\\u0000c', `<13>{"a":"${'\\n'.repeat(3)}"}`, '', '\u0000', '\ud800']) {
    t.equal(lines(dialect.encode(message(1, text))).length, 2)
  }
})

test('delivered, and once however often it is sent', async (t) => {
  const { server, send } = await serverFor(t)
  const messages = [0, 1, 2].map((seq) => message(seq))
  t.strictSame(await send(dialectOf(), messages), { all: 'delivered' })
  t.strictSame(await send(dialectOf(), [...messages, message(3)]), { each: Array(4).fill('delivered') })
  t.equal(server.documents().length, 4)
  t.strictSame([...server.indices.keys()], ['logs-logrelay.nginx-default'])
})

test('each document has its own fate', async (t) => {
  const { server, send } = await serverFor(t)
  server.itemError = ({ message: text }) => {
    if (text === 'bad')
      return { status: 400, error: { type: 'mapper_parsing_exception', reason: `failed to parse in document with id 'x1'` } }
    if (text === 'busy') return { status: 429, error: { type: 'es_rejected_execution_exception', reason: 'rejected' } }
    if (text === 'full') return { status: 429, error: { type: 'cluster_block_exception', reason: '[TOO_MANY_REQUESTS/12/disk];' } }
    return undefined
  }
  const texts = ['<13>good', '<13>bad', '<13>busy', '<13>full', '<13>good too']
  t.match(
    await send(
      dialectOf(),
      texts.map((text, seq) => message(seq, text)),
    ),
    {
      each: [
        'delivered',
        { rejected: { code: 'DOCUMENT_REFUSED', message: /^mapper_parsing_exception: failed to parse$/ } },
        { retry: { code: 'ENDPOINT_BUSY' }, busy: true },
        { retry: { code: 'INDEX_BLOCKED' } },
        'delivered',
      ],
    },
  )
  t.strictSame(
    server.documents().map((document) => document.message),
    ['good', 'good too'],
  )
})

test('answers for the whole request', async (t) => {
  const { server, send } = await serverFor(t, { maxBytes: 2000 })
  t.match(await send(dialectOf(), [message(0, `<13>${'x'.repeat(2000)}`)]), { refused: { code: 'MESSAGE_TOO_LARGE' }, tooLarge: true })
  server.give('/_bulk', { status: 429, headers: { 'retry-after': '3' } }, { status: 200, body: '<html><title>Sign in</title></html>' })
  t.match(await send(dialectOf(), [message(0)]), { all: { retry: { code: 'ENDPOINT_BUSY' }, busy: true }, afterMs: 3000 })
  t.match(await send(dialectOf(), [message(0)]), { all: { retry: { code: 'ENDPOINT_REFUSED', message: /Sign in/ } } })
  server.give('/_bulk', { body: '{"took":1,"errors":false,"items":[', headers: { 'content-length': '34' } })
  t.match(await send(dialectOf(), [message(0)]), { all: { retry: { code: 'ENDPOINT_REFUSED', message: /no JSON/ } } })
  server.give('/_bulk', { body: '{"took":1,"errors":false}', cutAfter: 10 })
  await t.rejects(send(dialectOf(), [message(0)]), { code: 'ENDPOINT_CLOSED' })
  t.strictSame(await send(dialectOf(), [message(0)]), { all: 'delivered' })
})
