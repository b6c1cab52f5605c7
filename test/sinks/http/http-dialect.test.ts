import fc from 'fast-check'
import t from 'tap'
import type { NumberedMessage } from '../../../src/sinks/http/dialect.ts'
import { HttpDialect, type HttpDialectOptions } from '../../../src/sinks/http/http-dialect.ts'
import { createFormatter } from '../../../src/syslog/formatter.ts'

const endpoint = 'https://siem.example.com:443'
const source = { device: 'generic', timezone: 'UTC' }

function message(text: string | Buffer): NumberedMessage {
  const origin = { peer: '192.0.2.1', port: 514, transport: 'udp' } as const
  return { bytes: Buffer.from(text), flags: 0, origin, receivedAtMs: 1_700_000_000_123, queueId: 'q', seq: 1 }
}

function dialect(encoding: HttpDialectOptions['encoding'], format: 'raw' | 'rfc5424' | 'json' = 'json') {
  return new HttpDialect({ encoding, method: 'POST', format: createFormatter(format, source), endpoint })
}

function body(dialect: HttpDialect, texts: readonly (string | Buffer)[]): string {
  const { before, between, after } = dialect.around
  return before + texts.map((text) => dialect.encode(message(text)).toString()).join(between) + after
}

const texts = fc.array(
  fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc.string().map((text) => `<13>${text}\n${text}`),
  ),
  { minLength: 1, maxLength: 5 },
)

t.test('ndjson: one ECS document a line, whatever is in the messages', async (t) => {
  fc.assert(
    fc.property(texts, (texts) => {
      const lines = body(dialect('ndjson'), texts).split('\n')
      t.equal(lines.pop(), '')
      t.same(
        lines.map((line) => JSON.parse(line).event.original),
        texts.map((text) => Buffer.from(text).toString('utf8')),
      )
    }),
    { numRuns: 50 },
  )
})

t.test('json_array: an array of them', async (t) => {
  fc.assert(
    fc.property(texts, (texts) => {
      const documents = JSON.parse(body(dialect('json_array'), texts))
      t.same(
        documents.map((document: { event: { original: string } }) => document.event.original),
        texts.map((text) => Buffer.from(text).toString('utf8')),
      )
    }),
    { numRuns: 50 },
  )
})

t.test('lines: a line feed inside a message is escaped, every other byte stays', async (t) => {
  t.equal(body(dialect('lines', 'raw'), ['<13>one\ntwo\n', 'three', '']), '<13>one#012two#012\nthree\n\n')
  t.match(body(dialect('lines', 'rfc5424'), ['<13>Oct 11 22:14:15 host app: x']), /^<13>1 \S+ host app - - .*x\n$/)
  const bytes = Buffer.from([0xff, 0x00, 0x0d, 0x80])
  t.same(dialect('lines', 'raw').encode(message(bytes)), Buffer.concat([bytes, Buffer.from('\n')]))
})

t.test("a document is no view of the batch's memory", async (t) => {
  const text = message('abc')
  const document = dialect('lines', 'raw').encode(text)
  text.bytes.fill(0)
  t.equal(document.toString(), 'abc\n')
})

t.test('requests', async (t) => {
  const bytes = Buffer.from('x')
  for (const [encoding, contentType] of [
    ['ndjson', 'application/x-ndjson'],
    ['json_array', 'application/json'],
    ['lines', 'text/plain; charset=utf-8'],
  ] as const) {
    t.same(dialect(encoding).request(bytes, undefined), {
      method: 'POST',
      path: '/',
      headers: { 'content-type': contentType },
      body: bytes,
    })
    t.same(dialect(encoding).request(bytes, 'zstd').headers, { 'content-type': contentType, 'content-encoding': 'zstd' })
  }
  const put = new HttpDialect({ encoding: 'lines', method: 'PUT', format: createFormatter('raw', source), endpoint })
  t.equal(put.request(bytes, 'gzip').method, 'PUT')
})

t.test('the status tells what became of them', async (t) => {
  const judge = (status: number, headers = {}, body = '') => dialect('ndjson').judge({ status, headers, body: Buffer.from(body) })
  t.same(judge(202), { all: 'delivered' })
  t.match(judge(200, {}, '<!doctype html><title>Login</title>'), {
    all: { retry: { code: 'ENDPOINT_REFUSED', message: /HTML page \(Login\)/ } },
  })
  t.match(judge(429, { 'retry-after': '3' }), { all: { retry: { code: 'ENDPOINT_BUSY' }, busy: true }, afterMs: 3000 })
  t.notOk('afterMs' in judge(503))
  t.match(judge(500), { all: { retry: { code: 'ENDPOINT_REFUSED' }, busy: false } })
  t.match(judge(401), { all: { retry: { code: 'ENDPOINT_AUTH' } } })
  t.match(judge(404), { all: { retry: { code: 'ENDPOINT_REFUSED' } } })
  t.match(judge(302, { location: 'https://b/x' }), { all: { retry: { code: 'ENDPOINT_REFUSED', message: /redirects to https:\/\/b\/x/ } } })
  t.match(judge(400, {}, 'no'), { refused: { code: 'DOCUMENT_REFUSED', message: /: no$/ }, tooLarge: false })
  t.match(judge(413), { refused: { code: 'MESSAGE_TOO_LARGE' }, tooLarge: true })
})
