import { test } from 'tap'
import { asObject, eventually, lines, runS3, s3Config } from '../../support/running-s3-source.ts'
import { S3Intake } from '../../support/s3-intake.ts'
import { S3Server } from '../../support/s3-server.ts'
import { created, SqsServer } from '../../support/sqs-server.ts'

async function servers(t: { teardown(fn: () => unknown): void }) {
  const [s3, sqs] = await Promise.all([S3Server.start(t), SqsServer.start(t)])
  return { s3, sqs, config: (given: object = {}) => s3Config(s3, { queue_url: sqs.url, visibility_timeout: '3s', ...given }) }
}

test('what notifications tell of is read, and they are deleted', async (t) => {
  const { s3, sqs, config } = await servers(t)
  const { etag } = s3.put('in/a b+ü.log', 'one\ntwo\n')
  s3.put('in/c.log', 'three\n')
  s3.put('out/d.log', 'not asked for\n')
  s3.put('in/never.log', 'nobody tells of it\n')
  sqs.send({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'logs' })
  sqs.send(created({ key: 'in/a b+ü.log', etag }, { key: 'in/c.log' }, { key: 'out/d.log' }))
  sqs.send({ Type: 'Notification', TopicArn: 'arn', Message: JSON.stringify(created({ key: 'in/a b+ü.log', etag })) })
  sqs.send(created({ key: 'in/c.log', event: 'ObjectRemoved:Delete' }))
  const { intake, source } = await runS3(t, config({ prefix: 'in/' }))
  await sqs.until(() => sqs.messages.size === 0)
  t.same(intake.disk.texts.toSorted(), ['one', 'three', 'two'])
  t.match(source.stats().polling, { completed: 2, failed: 0, waiting: 0 })
  t.notOk(s3.requests.some(({ what }) => what === 'list'))
})

test('a notification that comes again after its object was read costs nothing', async (t) => {
  const { s3, sqs, config } = await servers(t)
  const { etag } = s3.put('a.log', 'one\n')
  sqs.send(created({ key: 'a.log', etag }))
  const one = await runS3(t, config())
  await sqs.until(() => sqs.messages.size === 0)
  await one.stop()
  sqs.send(created({ key: 'a.log', etag }))
  await runS3(t, config(), { intake: one.intake, directory: one.directory })
  await sqs.until(() => sqs.messages.size === 0)
  t.same(one.intake.disk.texts, ['one'])
  t.equal(s3.gets('a.log'), 1)
})

test('a notification stays hidden while its object waits for room, and is given back at a stop', async (t) => {
  const { s3, sqs, config } = await servers(t)
  const texts = lines('large', 20_000, 100)
  s3.put('large', asObject(texts))
  const id = sqs.send(created({ key: 'large' }))
  const intake = new S3Intake()
  intake.onBatch = () => intake.fill()
  const one = await runS3(t, config(), { intake })
  await sqs.until(() => sqs.calls.filter(({ action }) => action === 'ChangeMessageVisibility').length === 2)
  t.match(sqs.calls.filter(({ action }) => action === 'ChangeMessageVisibility')[0], { id, seconds: 3 })
  await one.stop()
  t.match(sqs.calls.at(-1), { action: 'ChangeMessageVisibility', id, seconds: 0 })
  const two = await runS3(t, config(), { intake: new S3Intake(intake.disk), directory: one.directory })
  await sqs.until(() => sqs.messages.size === 0)
  t.same(intake.disk.texts, texts, 'it went on inside the object')
  t.equal(two.source.stats().polling?.completed, 1)
})

test('an object that is older than any notification goes on after a stop, and is read once', async (t) => {
  const { s3, sqs, config } = await servers(t)
  const texts = lines('large', 20_000, 100)
  s3.put('large', asObject(texts), Date.now() - 20 * 86_400_000)
  sqs.send(created({ key: 'large' }))
  const { disk } = new S3Intake()
  const full = new S3Intake(disk)
  full.onBatch = () => full.fill()
  const one = await runS3(t, config(), { intake: full })
  await full.until(() => full.refusals > 0)
  await one.stop()
  for (let run = 0; run < 2; run++) {
    const { stop } = await runS3(t, config(), { intake: new S3Intake(disk), directory: one.directory })
    await sqs.until(() => sqs.messages.size === 0)
    await stop()
    t.equal(disk.texts.length, texts.length)
    sqs.send(created({ key: 'large' }))
  }
})

test('the claims of what was notified are kept as long as a notification may come again', async (t) => {
  const { s3, config } = await servers(t)
  await runS3(t, config({ claims: {} }))
  const pool = () => [...s3.objects].find(([key]) => /\/pool-[0-9a-f]{8}-notified$/.test(key))?.[1].bytes.toString()
  await s3.until(() => pool() !== undefined)
  const { horizonS } = JSON.parse(pool() ?? '')
  t.equal(Math.round((Date.now() / 1000 - horizonS) / 86_400), 15)
})

test('a notification is not deleted before its object is fsynced', async (t) => {
  const { s3, sqs, config } = await servers(t)
  s3.put('a.log', 'one\n')
  sqs.send(created({ key: 'a.log' }))
  const intake = new S3Intake()
  intake.onBatch = () => intake.kill()
  const one = await runS3(t, config(), { intake })
  await intake.until(() => intake.disk.texts.length === 1)
  await one.kill()
  t.equal(sqs.messages.size, 1)
  for (const message of sqs.messages.values()) message.visibleAtMs = 0
  await runS3(t, config(), { intake: new S3Intake(intake.disk), directory: one.directory })
  await sqs.until(() => sqs.messages.size === 0)
  t.same(intake.disk.texts, ['one'], 'it was written with its checkpoint')
})

test('what nobody understands, or another bucket, becomes a dead letter and is deleted then', async (t) => {
  const { s3, sqs, config } = await servers(t)
  sqs.send('no JSON')
  sqs.send(created({ key: 'a', bucket: 'other' }))
  const { intake, source } = await runS3(t, config({ max_object_tries: 1 }))
  await sqs.until(() => sqs.messages.size === 0)
  t.match(intake.disk.letters.map(({ reason }) => reason).toSorted(), [/is no JSON object/, /tells of the bucket other/])
  const [letter] = intake.disk.letters
  t.ok(JSON.parse(letter?.bytes.toString() ?? '').notification)
  await t.rejects(source.retry(Buffer.from(JSON.stringify({ notification: 'no JSON' }))), { code: 'OBJECT_UNREADABLE' })
  s3.put('a', 'one\n')
  const foreign = JSON.stringify({ notification: JSON.stringify(created({ key: 'a', bucket: 'other' })) })
  await t.rejects(source.retry(Buffer.from(foreign)), { code: 'OBJECT_UNREADABLE', message: /bucket other/ })
  await source.retry(Buffer.from(JSON.stringify({ notification: JSON.stringify(created({ key: 'a' })) })))
  await intake.until(() => intake.disk.texts.length === 1)
})

test('an object that is gone becomes a dead letter, and its notification is deleted', async (t) => {
  const { sqs, config } = await servers(t)
  sqs.send(created({ key: 'gone', etag: 'abc' }))
  const { intake } = await runS3(t, config({ max_object_tries: 2 }))
  await sqs.until(() => sqs.messages.size === 0)
  t.match(intake.disk.letters, [{ code: 'OBJECT_UNREADABLE', reason: /gone cannot be read/ }])
})

test('a queue that does not exist is a state that says what to do', async (t) => {
  const { sqs, config } = await servers(t)
  sqs.failure = { status: 400, type: 'com.amazonaws.sqs#QueueDoesNotExist' }
  const { source } = await runS3(t, config())
  await eventually(() => source.stats().polling?.state === 'backing_off')
  t.match(source.stats().polling?.error, { code: 'SOURCE_NOT_FOUND', message: /queue_url/ })
  sqs.failure = undefined
  await eventually(() => source.stats().polling?.state === 'idle')
})
