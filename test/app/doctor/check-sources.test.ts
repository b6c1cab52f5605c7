import { test } from 'tap'
import { type Buckets, checkSources } from '../../../src/app/doctor/check-sources.ts'
import { reachBucket } from '../../../src/app/doctor/reach-bucket.ts'
import { parseService } from '../../../src/app/doctor/service-state.ts'
import type { S3SourceConfig } from '../../../src/config/schema.ts'
import { RelayError } from '../../../src/core/errors.ts'
import { configOf, lines, never, situationOf } from './fake-host.ts'

const source = { type: 's3' as const, bucket: "lo'gs", prefix: 'a b/', region: 'eu-west-1' }
const config = (more: object = {}) => configOf({ pipelines: { trail: { source: { ...source, ...more }, sinks: ['file'] } } })
const buckets = (more: Partial<Buckets> = {}): Buckets => ({ reach: async () => 'lists 3 objects', warnings: async () => [], ...more })
const denied = () => Promise.reject(new RelayError('SOURCE_DENIED', 'access denied', { hint: 'look at the policy' }))

test('a bucket that answers, and what it does not keep', async (t) => {
  const warnings = async () => [{ pipeline: 'trail', message: 'deletes objects too soon' }]
  t.same(lines(await checkSources(situationOf({}, { config: config() }), buckets({ warnings }), never)), [
    "ok trail, s3://lo'gs/a b/: lists 3 objects",
    'warning trail, rpo: deletes objects too soon',
  ])
  t.same(await checkSources(situationOf(), buckets({ reach: () => t.fail('no bucket') as never }), never), [])
})

test('one that does not, with the same question for the AWS tool', async (t) => {
  const [found] = lines(await checkSources(situationOf({}, { config: config() }), buckets({ reach: denied }), never))
  t.match(found, /^problem .*: access denied; look at the policy: nothing is fetched meanwhile/)
  t.match(found, "$ aws s3api list-objects-v2 --max-items 1 --bucket 'lo'\\''gs' --prefix 'a b/' --region eu-west-1")
  const queue_url = 'https://sqs.eu-west-1.amazonaws.com/1/q'
  const [queue] = lines(await checkSources(situationOf({}, { config: config({ queue_url }) }), buckets({ reach: denied }), never))
  t.match(queue, `$ aws sqs get-queue-attributes --queue-url ${queue_url} --region eu-west-1`)
  t.match(lines(await checkSources(situationOf({}, { config: config() }), buckets({ reach: denied }), AbortSignal.abort())), [
    /^unknown .* did not answer in time$/,
  ])
})

test('credentials that the environment of the service may have', async (t) => {
  const cause = Object.assign(new Error('none'), { name: 'CredentialsProviderError' })
  const reach = () => Promise.reject(new RelayError('SOURCE_DENIED', 'no credentials', { cause }))
  const check = async (more: object, situation: Parameters<typeof situationOf>[1]) =>
    lines(await checkSources(situationOf({}, { config: config(more), ...situation }), buckets({ reach }), never))
  const service = parseService('LoadState=loaded\n')
  t.match(await check({}, { service }), [/^unknown trail, .*: no credentials; the service may have credentials/])
  t.match(await check({}, { relay: { pid: 7 } }), [/^unknown/])
  t.match(await check({}, {}), [/^problem/])
  t.match(await check({ credentials: { access_key_id: 'a', secret_access_key: 'b' } }, { service }), [/^problem/])
})

test('a server that is not there', async (t) => {
  const endpoint = 'http://127.0.0.1:1'
  const credentials = { access_key_id: 'a', secret_access_key: 'b' }
  const sourceOf = (more: object) => config({ endpoint, path_style: true, credentials, ...more }).pipelines.trail?.source as S3SourceConfig
  await t.rejects(reachBucket(sourceOf({}), never), { code: 'SOURCE_UNREACHABLE', message: /cannot be listed/ })
  await t.rejects(reachBucket(sourceOf({ queue_url: 'http://127.0.0.1:1/1/q' }), never), { code: 'ENDPOINT_UNREACHABLE' })
})
