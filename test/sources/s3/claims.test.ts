import { test } from 'tap'
import { Bucket } from '../../../src/sources/s3/bucket.ts'
import { ClaimPool } from '../../../src/sources/s3/claim-pool.ts'
import { Claims, type ClaimsParts } from '../../../src/sources/s3/claims.ts'
import { ObjectJob } from '../../../src/sources/s3/object-job.ts'
import { createS3Client } from '../../../src/sources/s3/s3-clients.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import { asObject, type Context, eventually, lines, runS3, s3Config } from '../../support/running-s3-source.ts'
import { S3Intake } from '../../support/s3-intake.ts'
import { S3Server } from '../../support/s3-server.ts'

/** A relay with an access key of its own, so that the server can tell it from others. */
function relay(t: Context, server: S3Server, id: string, intake = new S3Intake(), given: Record<string, unknown> = {}) {
  const credentials = { access_key_id: id, secret_access_key: 'key' }
  const config = s3Config(server, { credentials, claims: { timeout: '1s' }, ...given })
  return runS3(t, config, { intake, owner: id, onKill: () => server.unreachable.add(id) })
}

const claimKey = /^\.logrelay\/claims\/[0-9a-f]{32}$/

function claimOf(server: S3Server): Record<string, unknown> {
  const [, claim] = [...server.objects].find(([key]) => claimKey.test(key)) ?? []
  return JSON.parse(claim?.bytes.toString() ?? '{}')
}

const large = lines('large', 12_000, 200)

test('what a dead relay has begun is taken over where its claim stands, and one chunk comes twice', async (t) => {
  const server = await S3Server.start(t)
  server.put('large', asObject(large))
  const intake = new S3Intake()
  intake.onBatch = () => {
    if (intake.disk.batches.length < 3) return
    intake.kill()
    server.unreachable.add('one')
  }
  const one = await relay(t, server, 'one', intake)
  await intake.until(() => intake.disk.batches.length >= 3)
  const two = await relay(t, server, 'two')
  await eventually(() => two.source.stats().polling?.completed === 1)
  await one.kill()
  const { disk } = two.intake
  t.equal(disk.texts[0], large[12_000 - disk.texts.length])
  t.equal(intake.disk.texts.length + disk.texts.length - 12_000, intake.disk.batches[2], 'the last chunk of the dead one came twice')
  t.match(two.source.stats().polling, { takenOver: 1, repeatedMessages: 0 })
  t.match(claimOf(server), { owner: 'two', done: true })
})

test('a relay that was cut off finds its object taken over, leaves it alone and counts what comes twice', async (t) => {
  const server = await S3Server.start(t)
  server.put('large', asObject(large))
  const intake = new S3Intake()
  intake.onBatch = () => {
    intake.fill()
    server.unreachable.add('one')
  }
  const one = await relay(t, server, 'one', intake)
  await intake.until(() => intake.disk.batches.length === 1)
  const two = await relay(t, server, 'two')
  await eventually(() => two.source.stats().polling?.completed === 1)
  server.unreachable.delete('one')
  intake.empty()
  await eventually(() => one.source.stats().polling?.waiting === 0 && one.source.stats().polling?.reading === 0)
  const repeated = intake.disk.texts.length + two.intake.disk.texts.length - 12_000
  t.equal(intake.disk.batches.length, 1, 'nothing of it was handed over afterwards')
  t.equal(one.source.stats().polling?.repeatedMessages, repeated)
})

test('a relay that stops lets others go on at once', async (t) => {
  const server = await S3Server.start(t)
  server.put('large', asObject(large))
  const intake = new S3Intake()
  intake.onBatch = () => intake.fill()
  const given = { claims: { timeout: '10m' } }
  const one = await relay(t, server, 'one', intake, given)
  await intake.until(() => intake.refusals > 0)
  await one.stop()
  t.match(claimOf(server), { owner: 'one', released: true, done: false })
  const two = await relay(t, server, 'two', new S3Intake(), given)
  await eventually(() => two.source.stats().polling?.completed === 1)
  t.equal(intake.disk.texts.length + two.intake.disk.texts.length, 12_000)
})

test('three relays share the objects, each is read by one', async (t) => {
  const server = await S3Server.start(t)
  for (let i = 0; i < 30; i++) server.put(`${i}.log`, asObject(lines(`object ${i}`, 3)))
  const relays = await Promise.all(['one', 'two', 'three'].map((id) => relay(t, server, id)))
  const texts = () => relays.flatMap(({ intake }) => intake.disk.texts)
  await eventually(() => texts().length >= 90 && relays.every(({ source }) => source.stats().polling?.waiting === 0))
  t.equal(new Set(texts()).size, 90)
  t.equal(texts().length, 90)
  t.equal(server.requests.filter(({ what, method, key }) => what === 'object' && method === 'GET' && key.endsWith('.log')).length, 30)
})

test('a server without conditional writes is told of, and nothing is read', async (t) => {
  const server = await S3Server.start(t)
  server.unconditional = true
  server.put('a.log', 'text\n')
  const { source, logger, intake } = await relay(t, server, 'one')
  await eventually(() => source.stats().polling?.state === 'backing_off')
  t.match(source.stats().polling?.error, { code: 'SOURCE_UNREACHABLE', message: /conditional writes.*leave out `claims`/ })
  t.match(logger.messages('warn')[0], /source of pipeline test, claims: .*conditional writes/)
  t.same(intake.disk.texts, [])
})

test('a claim that cannot be made once is no failure any more when the object turns out to be done', async (t) => {
  const server = await S3Server.start(t)
  server.put('a.log', 'text\n')
  const one = await relay(t, server, 'one')
  await eventually(() => one.source.stats().polling?.completed === 1)
  let refused = 0
  server.script = ({ method, key }) =>
    method === 'PUT' && claimKey.test(key) && refused++ === 0 ? { status: 503, code: 'SlowDown' } : undefined
  const two = await relay(t, server, 'two')
  await server.until(() => refused > 1)
  await eventually(() => two.source.stats().polling?.state === 'idle')
  t.match(two.logger.messages('warn')[0], /source of pipeline test, claims: the object a.log cannot be claimed/)
  t.same(two.intake.disk.texts, [])
})

/** What claims one object, with nothing around it. */
function claimsOf(t: Context, server: S3Server, more: Partial<ClaimsParts> = {}) {
  const client = createS3Client(s3Config(server))
  const ended = new AbortController()
  t.teardown(() => {
    ended.abort()
    client.destroy()
  })
  const bucket = new Bucket(client, 'logs')
  const none = () => undefined
  const parts = { bucket, prefix: 'claims/', owner: 'one', timeoutMs: 600_000, hard: ended.signal, failed: none, well: none }
  const job = new ObjectJob({ bucket: 'logs', key: 'a.log', etag: 'e', size: 3, modifiedS: 5 })
  return { bucket, claims: new Claims({ ...parts, ...more }), job, signal: ended.signal }
}

test('a claim whose write arrived although its answer did not is taken up at once', async (t) => {
  const server = await S3Server.start(t)
  const { bucket, claims, job, signal } = claimsOf(t, server)
  const put = bucket.put.bind(bucket)
  bucket.put = async (...given) => {
    bucket.put = put
    await put(...given)
    throw new Error('ECONNRESET')
  }
  await t.rejects(claims.take(job, signal), /ECONNRESET/)
  t.match(await claims.take(job, signal), { kind: 'ours', takenOver: false, repeated: 0 })
})

test('what is behind the horizon of the pool and has no claim is done, and no claim of it is left', async (t) => {
  const server = await S3Server.start(t)
  const { bucket } = claimsOf(t, server)
  const pool = new ClaimPool({ bucket, prefix: 'claims/', tag: 'x', logger: new RecordingLogger() })
  server.put('claims/pool-x', JSON.stringify({ horizonS: 6 }))
  const { claims, job, signal } = claimsOf(t, server, { pool })
  server.script = () => ({ status: 503, code: 'SlowDown' })
  await t.rejects(claims.take(job, signal))
  server.script = ({ method }) => (method === 'DELETE' ? { status: 503, code: 'SlowDown' } : undefined)
  t.same(await claims.take(job, signal), { kind: 'done', repeated: 0 })
  t.same([...server.objects.keys()], ['claims/pool-x'])
})
