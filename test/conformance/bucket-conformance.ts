import assert from 'node:assert/strict'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { lifecycleWarning } from '../../src/sources/s3/lifecycle-warning.ts'
import { asObject, lines } from '../support/running-s3-source.ts'
import { S3Intake } from '../support/s3-intake.ts'
import { BucketBench, type BucketSubject, completed, idle, listedAgain, type SourceLife, textsOf } from './bucket-subject.ts'

export interface BucketCheck {
  readonly name: string
  /** Rejects where it does not hold. */
  run(subject: BucketSubject): Promise<void>
}

/** What S3 servers are taken to do, through the source as the relay makes it: for a real server and for the one in memory. */
export const bucketChecks: readonly BucketCheck[] = [
  check('a bucket of several pages is read once, late keys too', pages),
  check('keys may have any characters', oddKeys),
  check('a plain object is read on after a crash', (bench) => crash(bench, (text) => Buffer.from(text))),
  check('a gzip object is read on after a crash', (bench) => crash(bench, (text) => gzipSync(text, { level: 1 }))),
  check('two relays share a bucket by claims', shared),
  check('what a dead relay has claimed is taken over', takenOver),
  check('an object that is deleted between list and get is a dead letter, and the rest is read', deleted),
  check('an object that is replaced between list and get is read as it is then', replaced),
  check('a damaged object is a dead letter, and the rest is read', damaged),
  check('a wrong secret is SOURCE_DENIED', wrongSecret),
  check('an access key that nobody has is SOURCE_DENIED', wrongKey),
  check('a bucket that is not there is SOURCE_NOT_FOUND', noBucket),
  check('a clock that is off is CLOCK_SKEW, and the clock of the server is gone by', clockOff),
  check('a lifecycle rule shorter than the rpo is told of', lifecycle),
]

function check(name: string, body: (bench: BucketBench) => Promise<void>): BucketCheck {
  const run = async (subject: BucketSubject) => {
    const bench = new BucketBench(await subject.createBucket())
    try {
      await body(bench)
    } finally {
      await bench.close()
    }
  }
  return { name, run }
}

async function pages(bench: BucketBench): Promise<void> {
  const { bucket } = bench
  const key = (i: number) => `m/${String(i).padStart(5, '0')}`
  const count = bucket.pageSize + 10
  for (let from = 0; from < count; from += 50) {
    await Promise.all(Array.from({ length: Math.min(50, count - from) }, (_, i) => bucket.put(key(from + i), `text ${from + i}\n`)))
  }
  const life = await bench.start({ concurrency: 16 })
  await completed(life, count)
  await bucket.put('a/early', 'early\n')
  await bucket.put('z/late', 'late\n')
  await bucket.put('folder/', '')
  await completed(life, count + 2)
  await listedAgain(life)
  const expected = [...Array.from({ length: count }, (_, i) => `text ${i}`), 'early', 'late']
  assert.deepEqual(textsOf([life]), expected.sort())
}

async function oddKeys(bench: BucketBench): Promise<void> {
  const keys = [
    'a b.log',
    'a+b',
    'a%20b',
    '100%',
    'ü/日本語 🙂',
    'x=1&y=2?z#',
    'quotes \'"',
    '<&>;',
    'tilde~(1)!*',
    '$@:,',
    'tab\there',
    'bell\x07',
    '{a}[b]^`|',
  ]
  const prefix = 'p /+ü/'
  for (const [i, key] of keys.entries()) await bench.bucket.put(prefix + key, zstdCompressSync(`text ${i}\n`))
  await bench.bucket.put('other', 'not below the prefix\n')
  const life = await bench.start({ prefix })
  await completed(life, keys.length)
  const { texts, origins, letters } = life.intake.disk
  assert.deepEqual(letters, [])
  assert.deepEqual(texts.map((text, i) => [text, origins[i]?.object?.key]).sort(), keys.map((key, i) => [`text ${i}`, prefix + key]).sort())
}

async function crash(bench: BucketBench, pack: (text: string) => Buffer): Promise<void> {
  const texts = lines('line', 15_000, 200)
  await bench.bucket.put('large', pack(asObject(texts)))
  await bench.bucket.put('small', 'small\n')
  const first = new S3Intake()
  let left = 3
  first.onBatch = () => --left === 0 && first.kill()
  const killed = await bench.start({ concurrency: 1 }, { intake: first })
  await first.until(() => left <= 0)
  await killed.kill()
  const before = first.disk.texts.length
  assert.ok(before > 0 && before < texts.length, `${before} were read before the crash`)
  const second = new S3Intake(first.disk)
  const life = await bench.start({}, { intake: second, directory: killed.directory })
  await completed(life, 2)
  assert.deepEqual(
    first.disk.texts.filter((text) => text !== 'small'),
    texts,
  )
  assert.equal(first.disk.texts.length, texts.length + 1)
  assert.equal(life.polling().repeatedMessages, 0)
}

async function shared(bench: BucketBench): Promise<void> {
  const count = 40
  for (let i = 0; i < count; i++) await bench.bucket.put(`${i}.log`, asObject(lines(`object ${i}`, 3)))
  const given = { claims: { timeout: '3s' } }
  const lives = [await bench.start(given), await bench.start(given)]
  for (const life of lives) await life.until('all to be read', () => textsOf(lives).length >= 3 * count && idle(life.polling()))
  for (const life of lives) await listedAgain(life)
  const expected = Array.from({ length: count }, (_, i) => lines(`object ${i}`, 3)).flat()
  assert.deepEqual(textsOf(lives), expected.sort(), 'each object was read by one')
}

async function takenOver(bench: BucketBench): Promise<void> {
  const texts = lines('line', 15_000, 200)
  await bench.bucket.put('large', asObject(texts))
  const given = { claims: { timeout: '1s' } }
  const first = new S3Intake()
  // It is held up in its third chunk, with the progress of the others in its claim.
  first.onBatch = () => first.disk.batches.length === 3 && first.fill()
  const dying = await bench.start(given, { intake: first })
  await first.until(() => first.refusals > 0)
  await dying.kill()
  const heir = await bench.start(given)
  await completed(heir, 1)
  const taken = heir.intake.disk.texts
  assert.equal(heir.polling().takenOver, 1)
  assert.deepEqual(taken, texts.slice(-taken.length))
  const twice = first.disk.texts.length + taken.length - texts.length
  assert.ok(twice >= 0 && twice <= Math.max(...first.disk.batches), `${twice} came twice`)
}

/** Runs `change` when `victim` is listed and not asked for: the one worker is held up in an object before it. */
async function betweenListAndGet(bench: BucketBench, change: () => Promise<void>): Promise<SourceLife> {
  await bench.bucket.put('a', asObject(lines('before', 10)))
  await bench.bucket.put('victim', asObject(lines('victim', 10)))
  await bench.bucket.put('z', asObject(lines('after', 10)))
  const intake = new S3Intake()
  intake.fill()
  const life = await bench.start({ concurrency: 1, max_object_tries: 2 }, { intake })
  await life.until('a worker to wait', ({ state, waiting }) => state === 'paused' && waiting === 2)
  await change()
  intake.empty()
  await life.until('the rest', (polling) => polling.failed === 1 && idle(polling))
  const [letter] = intake.disk.letters
  assert.equal(intake.disk.letters.length, 1)
  assert.equal(letter?.code, 'OBJECT_UNREADABLE')
  assert.equal(JSON.parse(letter?.bytes.toString() ?? '').key, 'victim')
  return life
}

async function deleted(bench: BucketBench): Promise<void> {
  const life = await betweenListAndGet(bench, () => bench.bucket.delete('victim'))
  assert.match(life.intake.disk.letters[0]?.reason ?? '', /NoSuchKey/)
  assert.deepEqual(textsOf([life]), [...lines('before', 10), ...lines('after', 10)].sort())
}

async function replaced(bench: BucketBench): Promise<void> {
  const life = await betweenListAndGet(bench, () => bench.bucket.put('victim', asObject(lines('another', 10))))
  assert.match(life.intake.disk.letters[0]?.reason ?? '', /overwritten/)
  await completed(life, 3)
  assert.deepEqual(textsOf([life]), [...lines('before', 10), ...lines('another', 10), ...lines('after', 10)].sort())
}

async function damaged(bench: BucketBench): Promise<void> {
  const packed = gzipSync(asObject(lines('x', 20_000)))
  const junk = Buffer.from(packed).fill(0xff, packed.length >> 1, (packed.length >> 1) + 100)
  await bench.bucket.put('a', asObject(lines('before', 10)))
  await bench.bucket.put('b-junk', junk)
  await bench.bucket.put('c-cut', packed.subarray(0, packed.length - 50))
  await bench.bucket.put('d-zstd', zstdCompressSync(asObject(lines('x', 2000))).subarray(0, -20))
  await bench.bucket.put('z', asObject(lines('after', 10)))
  const life = await bench.start({ max_object_tries: 2 })
  await life.until('all to be settled', (polling) => polling.failed === 3 && polling.completed === 2 && idle(polling))
  const letters = life.intake.disk.letters.map(({ code, bytes }) => [JSON.parse(bytes.toString()).key, code]).sort()
  assert.deepEqual(
    letters,
    ['b-junk', 'c-cut', 'd-zstd'].map((key) => [key, 'OBJECT_UNREADABLE']),
  )
  const good = textsOf([life]).filter((text) => /^(?:before|after) line \d+ *$/.test(text))
  assert.deepEqual(good, [...lines('before', 10), ...lines('after', 10)].sort())
}

function wrongSecret(bench: BucketBench): Promise<void> {
  const { access_key_id } = bench.bucket.credentials
  return refused(
    bench,
    { credentials: { access_key_id, secret_access_key: 'not the secret' } },
    'SOURCE_DENIED',
    /SignatureDoesNotMatch.*credentials/,
  )
}

function wrongKey(bench: BucketBench): Promise<void> {
  const credentials = { access_key_id: 'nobody', secret_access_key: 'no secret' }
  return refused(bench, { credentials }, 'SOURCE_DENIED', /InvalidAccessKeyId.*credentials/)
}

function noBucket(bench: BucketBench): Promise<void> {
  return refused(bench, { bucket: 'nowhere' }, 'SOURCE_NOT_FOUND', /NoSuchBucket.*look at `bucket`/)
}

async function refused(bench: BucketBench, given: Record<string, unknown>, code: string, words: RegExp): Promise<void> {
  await bench.bucket.put('a', 'text\n')
  const life = await bench.start(given)
  const { error, retryAtMs } = await life.until('a back-off', ({ state }) => state === 'backing_off')
  assert.equal(error?.code, code)
  assert.match(error?.message ?? '', words)
  assert.ok(retryAtMs !== undefined)
  assert.deepEqual(life.intake.disk.letters, [])
}

async function clockOff(bench: BucketBench): Promise<void> {
  await bench.bucket.put('a', 'text\n')
  const life = await bench.start(
    {},
    {
      client: ({ config }) => {
        config.systemClockOffset = -3_600_000
      },
    },
  )
  await completed(life, 1)
  const told = life.logger.lines.filter(({ fields }) => (fields as { code?: string }).code === 'CLOCK_SKEW')
  assert.equal(told[0]?.level, 'error')
  assert.match(JSON.stringify(told[0]?.fields), /NTP/)
}

async function lifecycle(bench: BucketBench): Promise<void> {
  const never = new AbortController().signal
  const config = bench.config({ prefix: 'app/logs/', rpo: '3d' })
  assert.equal(await lifecycleWarning(config, never), undefined, 'there is no rule')
  await bench.bucket.expire({ id: 'tidy', days: 2, prefix: 'app/' })
  assert.match((await lifecycleWarning(config, never)) ?? '', /after 2 days \(lifecycle rule tidy\), sooner than the rpo of 3d/)
  assert.equal(await lifecycleWarning({ ...config, prefix: 'web/' }, never), undefined)
  const life = await bench.start({ prefix: 'app/logs/', rpo: '3d' })
  await life.until('the start to warn', () => life.logger.messages('warn').some((text) => text.includes('lifecycle rule tidy')))
}
