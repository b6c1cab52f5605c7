import t from 'tap'
import { parseConfig } from '../../src/config/load.ts'
import { matchAll } from './match-all.ts'

/** What `check` says of pipelines with these sources. */
function briefly(...sources: string[]): string[] {
  const pipelines = sources.map((source, i) => `  p${i}: { source: { ${source} }, sinks: [f] }\n`).join('')
  const result = parseConfig(`sinks: { f: { type: file } }\npipelines:\n${pipelines}`, 'f.yaml')
  return (result.ok ? result.warnings : result.problems).map(({ severity, path, message }) => `${severity} ${path} ${message}`)
}

const s3 = 'type: s3, bucket: logs'

t.test('nothing to say', async (t) => {
  t.same(briefly(s3), [])
  t.same(
    briefly(`${s3}, endpoint: "http://minio:9000", path_style: true, credentials: { access_key_id: a, secret_access_key: { file: /s } }`),
    [],
  )
  t.same(briefly(`${s3}, start_from: 2026-01-31T00:00:00Z, rpo: 30d, claims: {}`), [])
  t.same(briefly(`${s3}, queue_url: "https://sqs.eu-central-1.amazonaws.com/1/q"`), [])
})

t.test('wrong, or of no use', async (t) => {
  matchAll(t, briefly(`${s3}, retry: { initial: 10s, max: 1s }`), [
    'error pipelines.p0.source.retry.max must not be less than retry.initial',
  ])
  matchAll(t, briefly(`${s3}, profile: a, credentials: { access_key_id: a, secret_access_key: b }`), [
    /^error pipelines\.p0\.source\.profile stands beside credentials/,
  ])
  matchAll(t, briefly(`${s3}, endpoint: "https://minio:9000/logs"`), ['error pipelines.p0.source.endpoint must not have a path'])
  matchAll(t, briefly(`${s3}, queue_url: "https://sqs/1/q", interval: 5s`), [/^warning pipelines\.p0\.source\.interval has no effect/])
  matchAll(t, briefly(`${s3}, start_from: yesterday`), [/^error pipelines\.p0\.source\.start_from must be beginning, now, or a date/])
  const claims = (given: string) => briefly(`${s3}, prefix: a/b/, claims: { ${given} }`)
  for (const same of ['prefix: a/', 'prefix: a/b/', 'prefix: a, bucket: logs'])
    matchAll(t, claims(same), [/^error pipelines\.p0\.source\.claims\.prefix begins all .*\(prefix a\/b\/\): .* nothing of it read/])
  for (const other of ['prefix: a/b/claims/', 'prefix: a/, bucket: claims', 'prefix: b']) t.same(claims(other), [])
  matchAll(t, briefly(`${s3}, port: 514`), [/^error pipelines\.p0\.source\.port/])
})

t.test('the same objects twice', async (t) => {
  const twice = (a: string, b: string) => briefly(`${s3}, ${a}`, `${s3}, ${b}`)
  matchAll(t, twice('prefix: a/', 'prefix: a/b/'), [/^warning pipelines\.p1\.source\.bucket reads objects that pipeline p0 reads as well/])
  matchAll(t, twice('prefix: ""', 'prefix: b/'), [/^warning pipelines\.p1\.source\.bucket/])
  t.same(twice('prefix: a/', 'prefix: b/'), [])
  t.same(twice('endpoint: "http://one:9000"', 'endpoint: "http://two:9000"'), [])
})
