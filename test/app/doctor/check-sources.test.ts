import { test } from 'tap'
import { type Buckets, checkSources } from '../../../src/app/doctor/check-sources.ts'
import { reachBucket } from '../../../src/app/doctor/reach-bucket.ts'
import type { S3SourceConfig } from '../../../src/config/schema.ts'
import { RelayError } from '../../../src/core/errors.ts'
import { configOf, lines, never } from './fake-host.ts'

const source = { type: 's3' as const, bucket: "lo'gs", prefix: 'a b/', region: 'eu-west-1' }
const config = (more: object = {}) => configOf({ pipelines: { trail: { source: { ...source, ...more }, sinks: ['file'] } } })
const buckets = (more: Partial<Buckets> = {}): Buckets => ({ reach: async () => 'lists 3 objects', warnings: async () => [], ...more })
const denied = () => Promise.reject(new RelayError('SOURCE_DENIED', 'access denied', { hint: 'look at the policy' }))

test('a bucket that answers, and what it does not keep', async (t) => {
  const warnings = async () => [{ pipeline: 'trail', message: 'deletes objects too soon' }]
  t.same(lines(await checkSources(config(), buckets({ warnings }), never)), [
    "ok trail, s3://lo'gs/a b/: lists 3 objects",
    'warning trail, rpo: deletes objects too soon',
  ])
  t.same(await checkSources(configOf(), buckets({ reach: () => t.fail('no bucket') as never }), never), [])
})

test('one that does not, with the same question for the AWS tool', async (t) => {
  const [found] = lines(await checkSources(config(), buckets({ reach: denied }), never))
  t.match(found, /^problem .*: access denied; look at the policy: nothing is fetched meanwhile/)
  t.match(found, "$ aws s3api list-objects-v2 --max-items 1 --bucket 'lo'\\''gs' --prefix 'a b/' --region eu-west-1")
  const queue_url = 'https://sqs.eu-west-1.amazonaws.com/1/q'
  const [queue] = lines(await checkSources(config({ queue_url }), buckets({ reach: denied }), never))
  t.match(queue, `$ aws sqs get-queue-attributes --queue-url ${queue_url} --region eu-west-1`)
  t.match(lines(await checkSources(config(), buckets({ reach: denied }), AbortSignal.abort())), [/^unknown .* did not answer in time$/])
})

test('a server that is not there', async (t) => {
  const endpoint = 'http://127.0.0.1:1'
  const credentials = { access_key_id: 'a', secret_access_key: 'b' }
  const sourceOf = (more: object) => config({ endpoint, path_style: true, credentials, ...more }).pipelines.trail?.source as S3SourceConfig
  await t.rejects(reachBucket(sourceOf({}), never), { code: 'SOURCE_UNREACHABLE', message: /cannot be listed/ })
  await t.rejects(reachBucket(sourceOf({ queue_url: 'http://127.0.0.1:1/1/q' }), never), { code: 'ENDPOINT_UNREACHABLE' })
})
