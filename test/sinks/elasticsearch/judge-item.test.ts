import { test } from 'tap'
import type { ErrorCode, RelayError } from '../../../src/core/errors.ts'
import { judgeItem } from '../../../src/sinks/elasticsearch/judge-item.ts'

type Fate = 'delivered' | 'retry' | 'busy' | 'rejected'

function fateOf(status: number, type: string, reason = 'r'): [Fate, ErrorCode?] {
  const verdict = judgeItem(status, { type, reason })
  if (verdict === 'delivered') return ['delivered']
  if ('rejected' in verdict) return ['rejected', verdict.rejected.code]
  return [verdict.busy === true ? 'busy' : 'retry', verdict.retry.code]
}

test('what is there is delivered', async (t) => {
  for (const status of [200, 201]) t.equal(judgeItem(status, undefined), 'delivered')
  t.strictSame(fateOf(409, 'version_conflict_engine_exception', '[id]: version conflict, document already exists (current version [1])'), [
    'delivered',
  ])
  t.equal(judgeItem(409, undefined), 'delivered')
  t.strictSame(fateOf(409, 'something_else'), ['rejected', 'DOCUMENT_REFUSED'])
})

test('a cluster that has too much to do', async (t) => {
  for (const type of ['es_rejected_execution_exception', 'rejected_execution_exception', 'circuit_breaking_exception', '']) {
    t.strictSame(fateOf(429, type), ['busy', 'ENDPOINT_BUSY'], type)
  }
})

test('a cluster that is not well', async (t) => {
  const cases: [status: number, type: string][] = [
    [503, 'unavailable_shards_exception'],
    [503, 'cluster_block_exception'],
    [500, 'node_closed_exception'],
    [504, 'timeout_exception'],
    [500, ''],
  ]
  for (const [status, type] of cases) t.strictSame(fateOf(status, type), ['retry', 'ENDPOINT_REFUSED'], type)
})

test('an index that takes no writes, and what lifts that', async (t) => {
  const cases: [status: number, type: string, reason: string, hint: RegExp | undefined][] = [
    [429, 'cluster_block_exception', 'index [a] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark];', /disk/],
    [403, 'cluster_block_exception', 'index [a] blocked by: [FORBIDDEN/12/index read-only / allow delete (api)];', /disk/],
    [403, 'cluster_block_exception', 'index [a] blocked by: [FORBIDDEN/8/index write (api)];', /index\.blocks\.write to null/],
    [403, 'cluster_block_exception', 'index [a] blocked by: [FORBIDDEN/5/index read-only (api)];', /index\.blocks\.read_only to/],
    [403, 'cluster_block_exception', 'blocked by: [FORBIDDEN/6/cluster read-only (api)];', /cluster\.blocks\.read_only to/],
    [403, 'index_create_block_exception', 'blocked by: [FORBIDDEN/10/cluster create-index blocked (api)];', /disks/],
    [403, 'cluster_block_exception', 'blocked', undefined],
  ]
  for (const [status, type, reason, hint] of cases) {
    const verdict = judgeItem(status, { type, reason }) as { retry: RelayError; busy?: boolean }
    t.match(verdict, { retry: { code: 'INDEX_BLOCKED', message: `${type}: ${reason}` }, busy: undefined })
    if (hint === undefined) t.equal(verdict.retry.hint, undefined)
    else t.match(verdict.retry.hint, hint, reason)
  }
})

test('who we are is not enough', async (t) => {
  for (const status of [401, 403]) t.strictSame(fateOf(status, 'security_exception'), ['retry', 'ENDPOINT_AUTH'])
  t.strictSame(fateOf(403, 'anything'), ['retry', 'ENDPOINT_AUTH'])
})

test('the configuration or the cluster is wrong: no document is at fault', async (t) => {
  const cases: [status: number, type: string, reason: string][] = [
    [404, 'index_not_found_exception', 'no such index [a] and [action.auto_create_index] is [false]'],
    [400, 'index_closed_exception', 'closed'],
    [400, 'invalid_index_name_exception', 'Invalid index name [A], must be lowercase'],
    [400, 'illegal_argument_exception', 'pipeline with id [x] does not exist'],
    [400, 'illegal_argument_exception', 'no write index is defined for alias [a].'],
    [
      400,
      'validation_exception',
      'Validation Failed: 1: this action would add [2] shards, but this cluster currently has [2]/[1] maximum shards open;',
    ],
    [400, 'resource_already_exists_exception', 'index [a] already exists'],
  ]
  for (const [status, type, reason] of cases) t.strictSame(fateOf(status, type, reason), ['retry', 'ENDPOINT_REFUSED'], reason)
})

test('an exception of an ingest pipeline that may be the document’s fault', async (t) => {
  const reason = 'grok pattern matching was interrupted after [1000] ms'
  t.match(judgeItem(500, { type: 'runtime_exception', reason }), {
    retry: { code: 'ENDPOINT_REFUSED' },
    doubtful: { code: 'DOCUMENT_REFUSED', message: `runtime_exception: ${reason}` },
  })
  t.ok('doubtful' in (judgeItem(500, { type: 'null_pointer_exception', reason: '' }) as object))
  for (const [status, type] of [
    [503, 'runtime_exception'],
    [500, 'node_closed_exception'],
  ] as const)
    t.notOk('doubtful' in (judgeItem(status, { type, reason: 'r' }) as object), type)
})

test('a document that is never taken as it is', async (t) => {
  const cases: [status: number, type: string, reason: string][] = [
    [400, 'mapper_parsing_exception', 'object mapping for [a] tried to parse field [a] as object'],
    [400, 'document_parsing_exception', '[1:2] failed to parse'],
    [400, 'illegal_argument_exception', 'Limit of total fields [1000] has been exceeded'],
    [400, 'illegal_argument_exception', 'Document contains at least one immense term in field="a"'],
    [400, 'strict_dynamic_mapping_exception', 'mapping set to strict'],
    [413, 'anything', 'too large'],
    [404, 'anything', 'r'],
    [500, 'fail_processor_exception', 'not for this pipeline'],
    [500, 'ingest_processor_exception', 'java.lang.IllegalArgumentException'],
  ]
  for (const [status, type, reason] of cases) t.strictSame(fateOf(status, type, reason), ['rejected', 'DOCUMENT_REFUSED'], reason)
  const verdict = judgeItem(400, undefined) as { rejected: RelayError }
  t.match(verdict.rejected.message, /status 400/)
})
