import { test } from 'tap'
import { objectId } from '../../../src/protocols/s3/object-id.ts'
import { Backlog } from '../../../src/sources/s3/backlog.ts'
import { Bucket } from '../../../src/sources/s3/bucket.ts'
import { BucketListing } from '../../../src/sources/s3/bucket-listing.ts'
import { PollingHealth } from '../../../src/sources/s3/polling-health.ts'
import { ReadObjects } from '../../../src/sources/s3/read-objects.ts'
import { createS3Client } from '../../../src/sources/s3/s3-clients.ts'
import { Valve } from '../../../src/sources/s3/valve.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import {
  asObject,
  type Context,
  eventually,
  lines,
  type Running,
  runS3,
  s3Config,
  temporaryDirectory,
} from '../../support/running-s3-source.ts'
import { S3Intake } from '../../support/s3-intake.ts'
import { S3Server } from '../../support/s3-server.ts'

const hourMs = 3_600_000

/** Resolves when two more listings have ended and nothing waits. */
async function listed({ source }: Running): Promise<void> {
  for (let i = 0; i < 2; i++) {
    const before = source.stats().polling?.lastListedAtMs
    await eventually(() => source.stats().polling?.lastListedAtMs !== before)
  }
  await eventually(() => source.stats().polling?.waiting === 0 && source.stats().polling?.reading === 0)
}

async function remembered(t: Context, server: S3Server, directory: string): Promise<ReadObjects> {
  const scope = { server: `127.0.0.1:${server.endpoint.port}`, bucket: 'logs', prefix: '' }
  const read = new ReadObjects(directory, scope, new RecordingLogger())
  await read.open()
  t.teardown(() => read.close())
  return read
}

test('the horizon follows the newest object, and what is behind it is let go of and not read', async (t) => {
  const server = await S3Server.start(t)
  const nowMs = Date.now()
  const old = server.put('old', 'old\n', nowMs - 10 * hourMs)
  const young = server.put('young', 'young\n', nowMs)
  const config = s3Config(server, { late_arrivals: '1h' })
  const one = await runS3(t, config)
  await listed(one)
  server.put('late', 'late\n', nowMs - hourMs)
  server.put('too late', 'too late\n', nowMs - 4 * hourMs)
  await listed(one)
  t.same(one.intake.disk.texts.toSorted(), ['late', 'old', 'young'])
  await one.stop()
  const read = await remembered(t, server, one.directory)
  const ids = [old, young].map(({ etag }, i) => objectId('logs', ['old', 'young'][i] as string, etag.replaceAll('"', '')))
  t.same([...(await read.known(ids)).keys()], [ids[1]])
  const { horizonS = 0 } = read.scope ?? {}
  t.ok(horizonS <= (nowMs - 2 * hourMs) / 1000 && horizonS > (nowMs - 3 * hourMs) / 1000)
})

test('the horizon does not pass an object that is listed and not read', async (t) => {
  const server = await S3Server.start(t)
  server.put('new', 'new\n')
  server.put('stuck', asObject(lines('stuck', 10)), Date.now() - 1000 * hourMs)
  server.script = ({ key }) => (key === 'stuck' ? { status: 503, code: 'SlowDown' } : undefined)
  const config = s3Config(server, { late_arrivals: '1h' })
  const one = await runS3(t, config)
  await one.intake.until(() => one.intake.disk.texts.length === 1)
  for (let i = 0; i < 3; i++) {
    const before = one.source.stats().polling?.lastListedAtMs
    await eventually(() => one.source.stats().polling?.lastListedAtMs !== before)
  }
  await one.kill()
  server.script = () => undefined
  const two = await runS3(t, config, { intake: new S3Intake(one.intake.disk), directory: one.directory })
  await two.intake.until(() => two.intake.disk.texts.length === 11)
  await listed(two)
  t.equal(two.intake.disk.texts.length, 11)
})

test('start_from: now reads what comes after the first start, however long that takes, and a late arrival', async (t) => {
  const server = await S3Server.start(t)
  const nowMs = Date.now()
  for (let i = 0; i < 5; i++) server.put(`before ${i}`, 'before\n', nowMs - i * hourMs)
  server.pageSize = 2
  // The first start does not get through the bucket.
  let pages = 0
  server.script = () => (++pages > 2 ? { status: 503, code: 'SlowDown' } : undefined)
  const config = s3Config(server, { start_from: 'now' })
  const one = await runS3(t, config)
  await eventually(() => one.source.stats().polling?.state === 'backing_off')
  await one.kill()
  server.put('between', 'between\n', nowMs + 5000)
  server.script = () => undefined
  const two = await runS3(t, config, { intake: new S3Intake(one.intake.disk), directory: one.directory })
  await listed(two)
  server.put('after', 'after\n')
  server.put('late', 'late\n', nowMs - 2 * hourMs)
  await listed(two)
  t.same(two.intake.disk.texts.toSorted(), ['after', 'between', 'late'])
})

test('start_from a date reads what was modified since', async (t) => {
  const server = await S3Server.start(t)
  server.put('before', 'before\n', Date.parse('2026-01-30T23:59:59Z'))
  server.put('since', 'since\n', Date.parse('2026-01-31T00:00:00Z'))
  const one = await runS3(t, s3Config(server, { start_from: '2026-01-31T00:00:00Z' }))
  await listed(one)
  t.same(one.intake.disk.texts, ['since'])
})

test('an object that is overwritten is read again, the same content is not, and folders and empty ones are nothing', async (t) => {
  const server = await S3Server.start(t)
  server.put('a', 'one\n')
  server.put('folder/', '')
  server.put('empty', '')
  server.put('.logrelay/claims/0', '{}')
  const one = await runS3(t, s3Config(server))
  await listed(one)
  server.put('a', 'two\n')
  await listed(one)
  server.put('a', 'one\n', Date.now() + hourMs)
  await listed(one)
  t.same(one.intake.disk.texts, ['one', 'two'])
  t.equal(server.requests.filter(({ what }) => what === 'object').length, 2)
})

test('a wider prefix does not read again what was read under the narrow one', async (t) => {
  const server = await S3Server.start(t)
  const nowMs = Date.now()
  server.put('app/old', 'old\n', nowMs - 100 * hourMs)
  server.put('app/new', 'new\n', nowMs)
  server.put('web/old', 'web\n', nowMs - 100 * hourMs)
  const given = { late_arrivals: '1h' }
  const directory = temporaryDirectory(t)
  const one = await runS3(t, s3Config(server, { ...given, prefix: 'app/' }), { directory })
  await listed(one)
  await one.stop()
  const two = await runS3(t, s3Config(server, given), { intake: one.intake, directory })
  await listed(two)
  t.same(one.intake.disk.texts.toSorted(), ['new', 'old', 'web'])
})

test('listing waits where enough objects are known', async (t) => {
  const server = await S3Server.start(t)
  for (let i = 0; i < 1200; i++) server.put(`${String(i).padStart(5, '0')}`, `text ${i}\n`)
  server.pageSize = 100
  const intake = new S3Intake()
  intake.fill()
  const one = await runS3(t, s3Config(server, { concurrency: 2 }), { intake })
  await intake.until(() => intake.refusals > 0)
  await eventually(() => (one.source.stats().polling?.waiting ?? 0) >= 1000)
  t.ok((one.source.stats().polling?.waiting ?? 0) <= 1000)
  t.equal(server.requests.filter(({ what }) => what === 'list').length, 11, 'one page is held, the next is not asked for')
})

test('block stops reading, unblock lets it go on', async (t) => {
  const server = await S3Server.start(t)
  const one = await runS3(t, s3Config(server))
  await listed(one)
  await one.source.block()
  server.put('a', 'one\n')
  t.equal(one.source.stats().polling?.state, 'paused')
  await one.source.unblock()
  await one.intake.until(() => one.intake.disk.texts.length === 1)
  t.same(one.intake.disk.texts, ['one'])
})

test('what is behind the horizon cannot be let go of: nothing ends, and a later listing does it', async (t) => {
  const server = await S3Server.start(t)
  server.put('a.log', 'text\n')
  const config = s3Config(server)
  const client = createS3Client(config)
  t.teardown(() => client.destroy())
  const logger = new RecordingLogger()
  const read = new Unforgetting(temporaryDirectory(t), { server: '', bucket: 'logs', prefix: '' }, logger)
  await read.open()
  t.teardown(() => read.close())
  const backlog = new Backlog()
  const quit = new AbortController()
  const health = new PollingHealth({ who: 'source', retry: config.retry, logger })
  const parts = { config, bucket: new Bucket(client, 'logs'), backlog, read, health, valve: new Valve(), claimsPrefix: '.logrelay/' }
  const listing = new BucketListing({ ...parts, quit: quit.signal })
  const running = listing.run(quit.signal)
  // Only a listing of a later second moves the horizon again.
  const moved = (times: number) => {
    for (const id of backlog.ids) listing.settled(id)
    return read.failed === times
  }
  await eventually(() => moved(1))
  // A rejection that nobody handles is told of after a turn of the event loop, and fails this test.
  server.put('b.log', 'text\n', Date.now() + hourMs)
  await eventually(() => backlog.waiting === 2)
  await eventually(() => moved(2))
  quit.abort()
  await running
})

class Unforgetting extends ReadObjects {
  failed = 0

  override async forgetBefore(): Promise<void> {
    this.failed++
    throw new Error('Database is not open')
  }
}
