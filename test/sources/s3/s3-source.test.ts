import { gzipSync, zstdCompressSync } from 'node:zlib'
import { Level } from 'level'
import { test } from 'tap'
import { S3Source } from '../../../src/sources/s3/s3-source.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import { asObject, type Context, eventually, lines, runS3, s3Config, temporaryDirectory } from '../../support/running-s3-source.ts'
import { S3Intake } from '../../support/s3-intake.ts'
import { S3Server } from '../../support/s3-server.ts'

test('objects of a bucket are read once each, in pages, plain and compressed', async (t) => {
  const server = await S3Server.start(t)
  server.pageSize = 2
  const texts = Array.from({ length: 7 }, (_, i) => lines(`object ${i}`, 10))
  for (const [i, content] of texts.entries()) {
    const plain = asObject(content)
    server.put(`a b/${i}+ü&.log`, [plain, gzipSync(plain), zstdCompressSync(plain)][i % 3] as string)
  }
  const { intake, source } = await runS3(t, s3Config(server))
  await intake.until(() => intake.disk.texts.length >= 70)
  const listed = server.requests.filter(({ what }) => what === 'list').length
  await server.until(() => server.requests.filter(({ what }) => what === 'list').length >= listed + 8)
  t.same(intake.disk.texts.toSorted(), texts.flat().toSorted())
  t.same(intake.disk.origins[0], {
    peer: `s3://logs/${intake.disk.origins[0]?.object?.key}`,
    port: 0,
    transport: 's3',
    object: { bucket: 'logs', key: intake.disk.origins[0]?.object?.key },
  })
  await eventually(() => source.stats().polling?.completed === 7)
  t.match(source.stats().polling, { from: 's3://logs/', state: 'idle', waiting: 0, reading: 0, failed: 0, repeatedMessages: 0 })
})

test('a full queue pauses inside the object, and a stop keeps the place', async (t) => {
  const server = await S3Server.start(t)
  const texts = lines('large', 20_000, 100)
  server.put('large.log', asObject(texts))
  const config = s3Config(server)
  const first = new S3Intake()
  first.onBatch = () => first.fill()
  const one = await runS3(t, config, { intake: first })
  await first.until(() => first.refusals > 0)
  t.equal(one.source.stats().polling?.state, 'paused')
  await one.stop()
  const read = first.disk.texts.length
  t.ok(read > 1000 && read < 10_000, `${read} were read`)
  const two = await runS3(t, config, { intake: new S3Intake(first.disk), directory: one.directory })
  await two.intake.until(() => first.disk.texts.length >= texts.length)
  await eventually(() => two.source.stats().polling?.completed === 1)
  t.same(first.disk.texts, texts)
  t.ok(
    server.requests.some(({ range }) => range !== undefined),
    'what was read is not asked for again',
  )
})

test('the line that names the fields goes with the messages of its object, also after a break', async (t) => {
  const server = await S3Server.start(t)
  const header = 'version account-id interface-id srcaddr'
  server.put('flow.log', asObject([header, ...lines('2 1 eni', 12_000, 100)]))
  const config = s3Config(server, { format: 'vpc_flow' })
  const first = new S3Intake()
  first.onBatch = () => first.fill()
  const one = await runS3(t, config, { intake: first })
  await first.until(() => first.refusals > 0)
  await one.stop()
  await runS3(t, config, { intake: new S3Intake(first.disk), directory: one.directory })
  await eventually(() => first.disk.texts.length === 12_000)
  t.ok(first.disk.origins.every(({ object }) => object?.header === header))
})

test('messages that are too long are cut or counted as dropped, once', async (t) => {
  const server = await S3Server.start(t)
  server.put('a.log', asObject(['short', 'x'.repeat(2000), 'short']))
  const { intake, source } = await runS3(t, s3Config(server, { max_message_size: '1KiB', when_too_long: 'reject' }))
  await eventually(() => source.stats().polling?.completed === 1)
  t.same(intake.disk.texts, ['short', 'short'])
  t.same(intake.disk.drops, { too_long: 1 })
  t.equal(source.stats().tooLong, 1)
})

test('stop may come twice, and while the bucket cannot be reached', async (t) => {
  const server = await S3Server.start(t)
  server.script = () => ({ status: 500, code: 'InternalError' })
  const running = await runS3(t, s3Config(server, { retry: { initial: '1h', max: '1h' } }))
  await eventually(() => running.source.stats().polling?.state === 'backing_off')
  await Promise.all([running.stop(), running.stop()])
  t.match(running.source.stats().polling, { waiting: 0, reading: 0 })
})

/** Until the end of the test, or the call of what it answers. */
function refuseWrites(t: Context): () => void {
  const { prototype } = Level
  const { batch } = prototype
  prototype.batch = (() => Promise.reject(new Error('No space left on device'))) as unknown as typeof batch
  const end = () => {
    prototype.batch = batch
  }
  t.teardown(end)
  return end
}

test('a stop ends while the disk takes nothing, and nothing comes twice', async (t) => {
  const server = await S3Server.start(t)
  const one = await runS3(t, s3Config(server))
  await eventually(() => one.source.stats().polling?.lastListedAtMs !== undefined)
  const accept = refuseWrites(t)
  server.put('a.log', 'text\n')
  await one.intake.until(() => one.intake.disk.texts.length === 1)
  await eventually(() => one.logger.messages('error').length === 1)
  await one.source.stop(AbortSignal.abort())
  accept()
  const two = await runS3(t, s3Config(server), { intake: one.intake, directory: one.directory })
  await eventually(() => two.source.stats().polling?.lastListedAtMs !== undefined && two.source.stats().polling?.completed === 1)
  t.same(one.intake.disk.texts, ['text'])
})

test('a stop ends while the start waits for a disk that takes nothing', async (t) => {
  const server = await S3Server.start(t)
  refuseWrites(t)
  const logger = new RecordingLogger()
  const options = { intake: new S3Intake(), logger, pipelineName: 'test', stateDirectory: temporaryDirectory(t) }
  const source = new S3Source(s3Config(server), options)
  const starting = source.start()
  await eventually(() => logger.messages('error').length === 1)
  await Promise.all([t.rejects(starting, { code: 'QUEUE_CLOSED' }), source.stop(AbortSignal.abort())])
  t.equal(server.requests.length, 0)
})

test('a stop before the start is final', async (t) => {
  const server = await S3Server.start(t)
  const options = { intake: new S3Intake(), logger: new RecordingLogger(), pipelineName: 'test', stateDirectory: temporaryDirectory(t) }
  const source = new S3Source(s3Config(server), options)
  await source.stop(AbortSignal.timeout(1000))
  await source.start()
  t.equal(server.requests.length, 0)
})
