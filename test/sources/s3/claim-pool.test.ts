import { test } from 'tap'
import { Bucket } from '../../../src/sources/s3/bucket.ts'
import { ClaimPool } from '../../../src/sources/s3/claim-pool.ts'
import { createS3Client } from '../../../src/sources/s3/s3-clients.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import { type Context, eventually, type Running, runS3, s3Config } from '../../support/running-s3-source.ts'
import { S3Server } from '../../support/s3-server.ts'

const hourMs = 3_600_000
const never = new AbortController().signal

function poolOf(t: Context, server: S3Server, tag = 'x'): ClaimPool {
  const client = createS3Client(s3Config(server))
  t.teardown(() => client.destroy())
  return new ClaimPool({ bucket: new Bucket(client, 'logs'), prefix: 'claims/', tag, logger: new RecordingLogger(), collectEveryMs: 0 })
}

test('who comes first says where the pool begins, and its horizon only moves on', async (t) => {
  const server = await S3Server.start(t)
  const [one, two] = [poolOf(t, server), poolOf(t, server)]
  t.same(await one.join({ horizonS: 5, startedAtS: 7 }, never), { horizonS: 5, startedAtS: 7 })
  t.same(await two.join({ horizonS: 0 }, never), { horizonS: 5, startedAtS: 7 })
  t.notOk(await two.isBehind(5, never))
  await two.publish(9, never)
  await one.publish(8, never)
  t.same(await poolOf(t, server).join({ horizonS: 0 }, never), { horizonS: 9, startedAtS: 7 })
  t.ok(await one.isBehind(8, never))
})

test('only claims are removed, and only old ones', async (t) => {
  const server = await S3Server.start(t)
  server.pageSize = 2
  const id = 'a'.repeat(32)
  server.put(`claims/${id}`, '{}', Date.now() - hourMs)
  server.put(`claims/${'b'.repeat(32)}`, '{}')
  server.put('claims/pool-x', '{}', Date.now() - hourMs)
  server.put(`other/${id}`, '{}', Date.now() - hourMs)
  await poolOf(t, server).collect(Math.floor(Date.now() / 1000) - 60, never)
  t.same([...server.objects.keys()], [`claims/${'b'.repeat(32)}`, 'claims/pool-x', `other/${id}`])
})

test('claims are kept until they are behind the horizon of every pipeline that claims there', async (t) => {
  const server = await S3Server.start(t)
  const [quiet, busy] = [poolOf(t, server, 'quiet'), poolOf(t, server, 'busy')]
  const nowS = Math.floor(Date.now() / 1000)
  const claim = `claims/${'a'.repeat(32)}`
  server.put(claim, '{}', (nowS - 1000) * 1000)
  await quiet.join({ horizonS: nowS - 2000 }, never)
  for (let i = 0; i < 3; i++) await busy.publish(nowS - 100, never)
  t.ok(server.objects.has(claim))
  await quiet.publish(nowS - 200, never)
  await busy.publish(nowS - 100, never)
  t.ok(server.objects.has(claim), 'all relays have time to learn of a horizon')
  await busy.publish(nowS - 100, never)
  t.notOk(server.objects.has(claim))
})

async function listed({ source }: Running): Promise<void> {
  for (let i = 0; i < 2; i++) {
    const before = source.stats().polling?.lastListedAtMs
    await eventually(() => source.stats().polling?.lastListedAtMs !== before)
  }
  await eventually(() => source.stats().polling?.waiting === 0 && source.stats().polling?.reading === 0)
}

test('a relay that comes later begins at the horizon of the pool', async (t) => {
  const server = await S3Server.start(t)
  const nowMs = Date.now()
  server.put('old', 'old\n', nowMs - 100 * hourMs)
  server.put('new', 'new\n', nowMs)
  const config = s3Config(server, { late_arrivals: '1h', claims: { timeout: '1s' } })
  const one = await runS3(t, config)
  const told = () => [...server.objects].find(([key]) => key.includes('/pool-'))?.[1].bytes.toString() ?? '{}'
  await eventually(() => JSON.parse(told()).horizonS > 0)
  await one.stop()
  t.same(one.intake.disk.texts.toSorted(), ['new', 'old'])
  // As if the claim of the old one had been removed.
  for (const [key, { bytes }] of server.objects) if (bytes.includes('"key":"old"')) server.objects.delete(key)
  const two = await runS3(t, config)
  await listed(two)
  t.same(two.intake.disk.texts, [])
})

test('start_from: now is one moment for all relays of a pool', async (t) => {
  const server = await S3Server.start(t)
  server.put('before', 'before\n', Date.now() - hourMs)
  const config = s3Config(server, { start_from: 'now', claims: { timeout: '1s' } })
  const one = await runS3(t, config)
  await listed(one)
  await one.stop()
  server.put('between', 'between\n', Date.now() + 5000)
  server.clockMs = 10_000
  const two = await runS3(t, config)
  await two.intake.until(() => two.intake.disk.texts.length === 1)
  await listed(two)
  t.same(two.intake.disk.texts, ['between'])
})
