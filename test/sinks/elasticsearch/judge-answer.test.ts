import { test } from 'tap'
import type { RelayError } from '../../../src/core/errors.ts'
import { judgeAnswer } from '../../../src/sinks/elasticsearch/judge-answer.ts'
import type { Judgement } from '../../../src/sinks/http/dialect.ts'

function judge(status: number, body: unknown, documents = 2, headers: Record<string, string> = {}): Judgement {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return judgeAnswer(
    { status, headers: { 'content-type': 'application/json', ...headers }, body: Buffer.from(text) },
    documents,
    'http://es',
  )
}

const ok = { create: { status: 201 } }
const bad = { create: { status: 400, error: { type: 'mapper_parsing_exception', reason: 'r' } } }

test('all of them are there', async (t) => {
  t.strictSame(judge(200, { took: 1, errors: false, items: [ok, ok] }), { all: 'delivered' })
  t.strictSame(judge(200, { took: 1, errors: false }), { all: 'delivered' })
})

test('an answer that is made to fill the memory is not parsed', async (t) => {
  const many = `{"errors":false,"items":[${'{},'.repeat(2_000_000)}{}]}`
  t.match(judge(200, many, 2_000_001), { all: { retry: { message: /far more than any documents need/ } } })
  const honest = {
    errors: false,
    items: Array.from({ length: 30_000 }, (_, i) => ({ create: { _id: `${i}`.padStart(150), status: 201 } })),
  }
  t.ok(JSON.stringify(honest).length > 4 * 2 ** 20)
  t.strictSame(judge(200, honest, 30_000), { all: 'delivered' })
})

test('one verdict each, in order', async (t) => {
  const busy = { create: { status: 429, error: { type: 'es_rejected_execution_exception', reason: 'r' } } }
  t.match(judge(200, { errors: true, items: [ok, bad, busy] }, 3), {
    each: ['delivered', { rejected: { code: 'DOCUMENT_REFUSED' } }, { retry: { code: 'ENDPOINT_BUSY' }, busy: true }],
  })
  t.match(judge(200, { errors: true, items: [{ index: { status: 201 } }, {}] }), {
    each: ['delivered', { retry: { code: 'ENDPOINT_REFUSED' } }],
  })
  t.match(judge(200, { errors: true, items: [null, { create: { status: 'x' } }] }), { each: [{ retry: {} }, { retry: {} }] })
})

test('an answer that does not say what became of each: all of them again', async (t) => {
  const cases: [body: unknown, words: RegExp][] = [
    ['{"took":1,"errors":true,"items":[{"create":{"sta', /no JSON: \{"took"/],
    ['', /no JSON/],
    ['[]', /something else than the answer to _bulk: \[\]/],
    ['7', /something else/],
    [{ took: 1 }, /something else/],
    [{ errors: 'no', items: [ok, ok] }, /something else/],
    [{ errors: true }, /answered for 0 of 2 documents/],
    [{ errors: true, items: [bad] }, /answered for 1 of 2 documents/],
    [{ errors: false, items: [ok, ok, ok] }, /answered for 3 of 2 documents/],
    [{ errors: false, items: {} }, /answered for 0 of 2 documents/],
    ['<!doctype html><title>Sign in</title>', /HTML page \(Sign in\)/],
  ]
  for (const [body, words] of cases) {
    const { all } = judge(200, body) as { all: { retry: RelayError } }
    t.equal(all.retry.code, 'ENDPOINT_REFUSED', String(words))
    t.match(all.retry.message, words)
    t.ok(all.retry.hint)
  }
})

test('the whole request is refused for what is in it', async (t) => {
  const malformed = { error: { type: 'x_content_parse_exception', reason: 'Duplicate field' }, status: 400 }
  t.match(judge(400, malformed), { refused: { code: 'DOCUMENT_REFUSED' }, tooLarge: false })
  t.match(judge(413, ''), { refused: { code: 'MESSAGE_TOO_LARGE' }, tooLarge: true })
})

test('a 400 that no document can help', async (t) => {
  const bodies = [
    { error: { type: 'illegal_argument_exception', reason: 'request [/_bulk] contains unrecognized parameter: [x]' } },
    { error: { type: 'illegal_argument_exception', reason: 'pipeline with id [x] does not exist' } },
    { error: { type: 'invalid_index_name_exception', reason: 'Invalid index name [A]' } },
    { error: 'no handler found for uri [/x/_bulk] and method [POST]' },
    '<html><h1>400 Bad Request</h1>The plain HTTP request was sent to HTTPS port</html>',
    '{"message":"Bad Request"}',
    'Bad Request',
    '',
  ]
  for (const body of bodies) t.match(judge(400, body), { all: { retry: { code: 'ENDPOINT_REFUSED' } } }, JSON.stringify(body))
})

test('the cluster takes no writes at all', async (t) => {
  const error = { type: 'cluster_block_exception', reason: 'blocked by: [FORBIDDEN/6/cluster read-only (api)];' }
  t.match(judge(403, { error, status: 403 }), { all: { retry: { code: 'INDEX_BLOCKED', hint: /cluster\.blocks\.read_only/ } } })
})

test('who we are, and when to come again', async (t) => {
  const auth = { error: { type: 'security_exception', reason: 'missing authentication credentials' } }
  t.match(judge(401, auth), { all: { retry: { code: 'ENDPOINT_AUTH', message: /missing authentication/ } } })
  t.match(judge(403, ''), { all: { retry: { code: 'ENDPOINT_AUTH' } } })
  t.match(judge(429, '', 2, { 'retry-after': '7' }), { all: { retry: { code: 'ENDPOINT_BUSY' }, busy: true }, afterMs: 7000 })
  t.match(judge(503, { error: { type: 'cluster_block_exception', reason: 'state not recovered' } }), {
    all: { retry: { code: 'ENDPOINT_BUSY' } },
  })
  t.match(judge(500, '{}'), { all: { retry: { code: 'ENDPOINT_REFUSED' } } })
})
