import { gzipSync } from 'node:zlib'
import { test } from 'tap'
import { asObject, eventually, lines, runS3, s3Config } from '../../support/running-s3-source.ts'
import { type S3Request, S3Server, type Script } from '../../support/s3-server.ts'

const sourceFailures: { name: string; script: Script; code: string; hint: RegExp }[] = [
  { name: 'wrong key', script: { status: 403, code: 'InvalidAccessKeyId' }, code: 'SOURCE_DENIED', hint: /credentials/ },
  { name: 'wrong secret', script: { status: 403, code: 'SignatureDoesNotMatch' }, code: 'SOURCE_DENIED', hint: /credentials/ },
  { name: 'denied', script: { status: 403, code: 'AccessDenied' }, code: 'SOURCE_DENIED', hint: /s3:ListBucket/ },
  { name: 'no bucket', script: { status: 404, code: 'NoSuchBucket' }, code: 'SOURCE_NOT_FOUND', hint: /bucket/ },
  { name: 'no name of a bucket', script: { status: 400, code: 'InvalidBucketName' }, code: 'SOURCE_NOT_FOUND', hint: /`bucket`/ },
  { name: 'clock', script: { status: 403, code: 'RequestTimeTooSkewed' }, code: 'CLOCK_SKEW', hint: /NTP/ },
  { name: 'slow down', script: { status: 503, code: 'SlowDown' }, code: 'SOURCE_UNREACHABLE', hint: /SlowDown/ },
  { name: 'broken', script: { status: 500, code: 'InternalError' }, code: 'SOURCE_UNREACHABLE', hint: /InternalError/ },
  { name: 'a web page', script: { html: '<html><body>Welcome</body></html>' }, code: 'SOURCE_UNREACHABLE', hint: /endpoint/ },
]

for (const { name, script, code, hint } of sourceFailures) {
  test(`a bucket that fails (${name}) is a state that says what to do, and is read when it works again`, async (t) => {
    const server = await S3Server.start(t)
    server.put('a.log', 'text\n')
    server.script = () => script
    const { source, intake, logger } = await runS3(t, s3Config(server))
    await eventually(() => source.stats().polling?.state === 'backing_off')
    await server.until(() => server.requests.length >= 4)
    const { error, failingSinceMs, retryAtMs } = source.stats().polling ?? {}
    t.equal(error?.code, code)
    t.match(error?.message, hint)
    t.ok((failingSinceMs ?? 0) <= (retryAtMs ?? 0))
    const told = logger.lines.filter((line) => line.fields.code === code && line.level !== 'debug')
    t.equal(told.length, 1, 'it is told once')
    server.script = () => undefined
    await intake.until(() => intake.disk.texts.length === 1)
    await eventually(() => source.stats().polling?.state !== 'backing_off')
    t.match(logger.messages('info')[0], /works again/)
  })
}

test('nobody there: the start succeeds, and what is there later is read', async (t) => {
  const server = await S3Server.start(t)
  const config = s3Config(server)
  const { source } = await runS3(t, { ...config, endpoint: { ...server.endpoint, port: 1 } })
  await eventually(() => source.stats().polling?.state === 'backing_off')
  t.match(source.stats().polling?.error, { code: 'SOURCE_UNREACHABLE', message: /ECONNREFUSED/ })
})

const objectFailures: {
  name: string
  content?: string | Buffer
  script?: (request: S3Request) => Script | undefined
  reason: RegExp
  before: number
}[] = [
  { name: 'damaged gzip', content: damaged(), reason: /bad gzip|gzip data is damaged|incorrect data/, before: 5000 },
  { name: 'gzip that ends early', content: gzipSync(asObject(lines('x', 5000))).subarray(0, -100), reason: /ends early/, before: 4000 },
  { name: 'deleted between list and get', script: () => 'delete', reason: /NoSuchKey/, before: 0 },
  { name: 'denied alone', script: () => ({ status: 403, code: 'AccessDenied' }), reason: /AccessDenied/, before: 0 },
  { name: 'archived', script: () => ({ status: 403, code: 'InvalidObjectState' }), reason: /archived/, before: 0 },
  { name: 'cut off each time', content: asObject(lines('x', 5000)), script: () => ({ cut: 0 }), reason: /connection ended/, before: 0 },
]

function damaged(): Buffer {
  const bytes = gzipSync(asObject(lines('x', 50_000)))
  bytes.fill(0xff, Math.floor(bytes.length / 2), Math.floor(bytes.length / 2) + 100)
  return bytes
}

for (const { name, content = 'text\n', script = () => undefined, reason, before } of objectFailures) {
  test(`an object that cannot be read (${name}) becomes a dead letter after its tries, and the rest is read`, async (t) => {
    const server = await S3Server.start(t)
    const good = lines('good', 10)
    server.put('a', asObject(good.slice(0, 5)))
    server.put('bad', content)
    server.put('c', asObject(good.slice(5)))
    server.script = (request) => (request.key === 'bad' ? script(request) : undefined)
    const { source, intake, logger } = await runS3(t, s3Config(server, { max_object_tries: 3 }))
    await intake.until(() => intake.disk.letters.length === 1)
    await eventually(() => source.stats().polling?.waiting === 0 && source.stats().polling?.state === 'idle')
    const [letter] = intake.disk.letters
    t.match(letter, { code: 'OBJECT_UNREADABLE', reason, origin: { peer: 's3://logs/bad', transport: 's3' } })
    t.match(JSON.parse(letter?.bytes.toString() ?? ''), {
      bucket: 'logs',
      key: 'bad',
      etag: /^[0-9a-f]{32}$/,
      size: Buffer.byteLength(content),
    })
    const bad = intake.disk.texts.filter((text) => text.startsWith('x'))
    t.ok(bad.length >= before, `${bad.length} messages came before the damage`)
    t.same(bad.slice(0, before), lines('x', before), 'once each')
    t.same(intake.disk.texts.filter((text) => text.startsWith('good')).toSorted(), good)
    t.match(source.stats().polling, { failed: 1, completed: 2 })
    t.equal(logger.messages('error').filter((text) => text.includes('dead letter')).length, 1)
    const gets = server.gets('bad')
    const listed = server.requests.length
    await server.until(() => server.requests.length > listed + 3)
    t.equal(server.gets('bad'), gets, 'it is not asked for any more')
  })
}

test('a dead letter is tried again, and goes on where it could not be read', async (t) => {
  const server = await S3Server.start(t)
  const texts = lines('x', 30_000, 60)
  const plain = Buffer.from(asObject(texts))
  server.put('bad', plain)
  let broken = true
  server.put('a', 'text\n')
  server.script = ({ key, range }) =>
    broken && key === 'bad' && range !== undefined
      ? { status: 403, code: 'InvalidObjectState' }
      : broken && key === 'bad'
        ? { cut: 1_000_000 }
        : undefined
  const { source, intake, directory, stop } = await runS3(t, s3Config(server, { max_object_tries: 1 }))
  await intake.until(() => intake.disk.letters.length === 1)
  await eventually(() => source.stats().polling?.failed === 1)
  broken = false
  await source.retry(intake.disk.letters[0]?.bytes as Buffer)
  await intake.until(() => intake.disk.texts.length === 30_001)
  t.same(
    intake.disk.texts.filter((text) => text.startsWith('x')),
    texts,
  )
  await t.rejects(source.retry(Buffer.from('{}')), { code: 'OBJECT_UNREADABLE' })
  await eventually(() => source.stats().polling?.completed === 2)
  await stop()
  const again = await runS3(t, s3Config(server), { intake, directory })
  await eventually(() => again.source.stats().polling?.lastListedAtMs !== undefined)
  t.equal(intake.disk.texts.length, 30_001)
})

test('a service that fails while objects are read uses up none of their tries', async (t) => {
  const server = await S3Server.start(t)
  const texts = Array.from({ length: 6 }, (_, i) => `text ${i}`)
  for (const text of texts) server.put(text, `${text}\n`)
  server.script = ({ what }) => (what === 'object' ? { status: 503, code: 'SlowDown' } : undefined)
  const { source, intake } = await runS3(t, s3Config(server, { max_object_tries: 1 }))
  await server.until(() => server.requests.filter(({ what }) => what === 'object').length > 12)
  t.match(source.stats().polling, { state: 'backing_off', failed: 0, error: { code: 'SOURCE_UNREACHABLE' } })
  server.script = ({ what }) => (what === 'object' ? { status: 403, code: 'AccessDenied' } : undefined)
  const asked = server.requests.length
  await server.until(() => server.requests.length > asked + 20)
  t.match(source.stats().polling, { state: 'backing_off', failed: 0 }, 'nor does a policy that forbids all of them')
  server.script = () => undefined
  await intake.until(() => intake.disk.texts.length === 6)
  t.same(intake.disk.texts.toSorted(), texts)
  t.same(intake.disk.letters, [])
})

const bodyFailures: { name: string; script: Script }[] = [
  { name: 'the key that they are encrypted with', script: { status: 400, code: 'KMS.DisabledException' } },
  { name: 'a policy on GET', script: { status: 403, code: 'AccessDenied' } },
  { name: 'a network that bodies do not come through', script: { cut: 0 } },
]

for (const { name, script } of bodyFailures) {
  test(`no object can be read any more though all can be looked at (${name}): none becomes a dead letter`, async (t) => {
    const server = await S3Server.start(t)
    server.put('first', 'first\n')
    const { source, intake } = await runS3(t, s3Config(server, { max_object_tries: 3 }))
    await eventually(() => source.stats().polling?.completed === 1)
    server.script = ({ what, method }) => (what === 'object' && method === 'GET' ? script : undefined)
    for (let i = 0; i < 6; i++) server.put(`${i}`, `text ${i}\n`)
    await server.until(() => intake.disk.letters.length > 0 || server.requests.filter(({ what }) => what === 'object').length > 60)
    t.match(source.stats().polling, { state: 'backing_off', failed: 0 })
    server.script = () => undefined
    await intake.until(() => intake.disk.texts.length === 7)
    t.same(intake.disk.letters, [])
  })
}

test('an object that is denied alone is told from others although the one that was read last is gone', async (t) => {
  const server = await S3Server.start(t)
  const { source, intake } = await runS3(t, s3Config(server, { max_object_tries: 1 }))
  for (const [i, key] of ['first', 'last'].entries()) {
    server.put(key, 'text\n')
    await eventually(() => source.stats().polling?.completed === i + 1)
  }
  server.objects.delete('last')
  server.script = ({ key }) => (key === 'denied' ? { status: 403, code: 'AccessDenied' } : undefined)
  server.put('denied', 'text\n')
  await intake.until(() => intake.disk.letters.length === 1)
  t.match(intake.disk.letters[0]?.reason, /denied cannot be read/)
})

test('a service that answers again is well although its answer is that the object is gone', async (t) => {
  const server = await S3Server.start(t)
  server.put('a.log', 'text\n')
  let asked = 0
  server.script = ({ what }) => (what !== 'object' ? undefined : asked++ === 0 ? { status: 503, code: 'SlowDown' } : 'delete')
  const { source, intake } = await runS3(t, s3Config(server, { max_object_tries: 1 }))
  await intake.until(() => intake.disk.letters.length === 1)
  await eventually(() => source.stats().polling?.state === 'idle')
  t.match(source.stats().polling, { failed: 1, waiting: 0 })
})

test('a connection that ends inside an object is gone on with, plain and compressed', async (t) => {
  const server = await S3Server.start(t)
  const texts = lines('x', 30_000, 100)
  server.put('plain', asObject(texts.slice(0, 15_000)))
  server.put('packed', gzipSync(asObject(texts.slice(15_000)), { level: 0 }))
  let cuts = 0
  server.script = ({ what, method }) => (what === 'object' && method === 'GET' && cuts++ < 4 ? { cut: 700_000 } : undefined)
  const { intake, source } = await runS3(t, s3Config(server, { max_object_tries: 1 }))
  await eventually(() => source.stats().polling?.completed === 2)
  t.equal(intake.disk.texts.length, 30_000)
  t.same(intake.disk.texts.toSorted(), texts.toSorted())
  t.same(intake.disk.letters, [])
})

test('a state directory that cannot be used stops the start', async (t) => {
  const server = await S3Server.start(t)
  await t.rejects(runS3(t, s3Config(server), { directory: '/dev/null/state' }), { code: 'DATA_DIR_UNUSABLE' })
})
