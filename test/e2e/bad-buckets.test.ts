import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type Test, test } from 'tap'
import { relayApi } from '../../src/cli/relay-api.ts'
import type { ErrorCode } from '../../src/core/errors.ts'
import { run } from '../cli/fake-terminal.ts'
import { fileSink, soon } from '../support/relay-config.ts'
import { parsedConfig, startRelay } from '../support/relay-in-process.ts'
import { unbalanced } from '../support/relay-ledger.ts'
import { until } from '../support/relay-until.ts'
import { asObject, lines } from '../support/running-s3-source.ts'
import { type S3Request, S3Server, type Script } from '../support/s3-server.ts'
import { shortDir } from '../support/short-dir.ts'

const credentials = { access_key_id: 'id', secret_access_key: 'key' }
const good = lines('good', 30)
const page = '<!DOCTYPE html><html><head><title>Sign in</title></head><body>Who are you?</body></html>'

/** A bucket with good objects, and a relay that delivers what is in it. */
async function relayOf(t: Test, server: S3Server, given: Record<string, unknown> = {}) {
  const { host, port } = server.endpoint
  const source = { type: 's3' as const, bucket: 'logs', endpoint: `http://${host}:${port}`, region: 'us-east-1', path_style: true }
  const times = { interval: '100ms', retry: soon, max_object_tries: 2 }
  const main = { source: { ...source, credentials, ...times, ...given }, sinks: ['up'] }
  const dir = shortDir(t)
  const output = join(dir, 'delivered')
  const config = parsedConfig(join(dir, 'data'), { sinks: { up: fileSink(output) }, pipelines: { main } })
  const { relay, lines } = await startRelay(t, config)
  const pipeline = () => {
    const found = relay.status().pipelines.main
    if (found?.source.polling === undefined) throw new Error('there is no such pipeline')
    return { ...found, polling: found.source.polling }
  }
  const words = () => JSON.stringify([pipeline().polling, pipeline().ledger, pipeline().queue.deadLetters])
  const file = join(dir, 'relay.json')
  writeFileSync(file, JSON.stringify({ data_dir: config.data_dir, pipelines: { main: {} } }))
  const logrelay = (...args: string[]) => run([...args, '--config', file], { relay: relayApi })
  const arrived = () => (existsSync(output) ? readFileSync(output, 'utf8').split('\n').slice(0, -1) : [])
  return { arrived, relay, log: lines, pipeline, words, logrelay }
}

type Running = Awaited<ReturnType<typeof relayOf>>

function fill(server: S3Server): void {
  server.put('a', asObject(good.slice(0, 10)))
  server.put('c', gzipSync(asObject(good.slice(10, 20))))
  server.put('z', asObject(good.slice(20)))
}

/** These messages and no others arrived, each once, and the books balance. */
async function delivered(t: Test, { arrived, relay, log, pipeline, words }: Running, expected: readonly string[]): Promise<void> {
  const settled = () => pipeline().ledger.sinks.up?.delivered === expected.length && pipeline().polling.state === 'idle'
  await until(() => `everything to be delivered and the source to be well; it says ${words()}`, settled)
  t.strictSame(arrived().toSorted(), expected.toSorted())
  t.match(pipeline().ledger.sinks.up, { received: expected.length, queued: 0, rejected: 0 })
  t.strictSame(unbalanced(pipeline().ledger), [])
  t.equal(pipeline().polling.error, undefined)
  t.equal(relay.status().state, 'running')
  t.strictSame(
    log.filter(({ code }) => code === 'INTERNAL'),
    [],
  )
}

interface BadBucket {
  readonly name: string
  readonly script: (request: S3Request) => Script | undefined
  readonly code: ErrorCode
  /** What is wrong, and what to do. */
  readonly words: RegExp
}

const badBuckets: readonly BadBucket[] = [
  {
    name: 'a bucket that does not exist',
    script: () => ({ status: 404, code: 'NoSuchBucket' }),
    ...{ code: 'SOURCE_NOT_FOUND', words: /cannot be listed: NoSuchBucket.*look at `bucket`/ },
  },
  {
    name: 'access denied',
    script: () => ({ status: 403, code: 'AccessDenied' }),
    ...{ code: 'SOURCE_DENIED', words: /cannot be listed: AccessDenied.*s3:ListBucket/ },
  },
  {
    name: 'a bucket that may be listed and not read',
    script: ({ what }) => (what === 'object' ? { status: 403, code: 'AccessDenied' } : undefined),
    ...{ code: 'SOURCE_DENIED', words: /the object \w cannot be read: AccessDenied.*s3:GetObject/ },
  },
  {
    name: 'a clock that is off',
    script: () => ({ status: 403, code: 'RequestTimeTooSkewed' }),
    ...{ code: 'CLOCK_SKEW', words: /set the clock of this machine by NTP/ },
  },
  {
    name: 'a page of HTML in place of a listing',
    script: () => ({ html: page }),
    ...{ code: 'SOURCE_UNREACHABLE', words: /not a listing.*look at `endpoint`.*proxy/ },
  },
  {
    name: 'a page of HTML in place of objects',
    script: ({ what }) => (what === 'object' ? { html: page } : undefined),
    ...{ code: 'SOURCE_UNREACHABLE', words: /has no entity tag.*look at `endpoint`.*proxy/ },
  },
  {
    name: 'half of a listing',
    script: ({ what }) =>
      what === 'list' ? { html: '<?xml version="1.0"?><ListBucketResult><Name>logs</Name><Contents><Key>a</K' } : undefined,
    ...{ code: 'SOURCE_UNREACHABLE', words: /cannot be listed: .*parse error.*look at `endpoint`/ },
  },
]

for (const { name, script, code, words } of badBuckets) {
  test(`S3: ${name}`, async (t) => {
    const server = await S3Server.start(t)
    fill(server)
    server.script = script
    const running = await relayOf(t, server)
    await failing(t, running, code, words)
    server.script = () => undefined
    await delivered(t, running, good)
  })
}

async function failing(t: Test, { pipeline, log, words: said }: Running, code: ErrorCode, words: RegExp): Promise<void> {
  await until(
    () => `the source to fail; it says ${said()}`,
    () => pipeline().polling.state === 'backing_off',
  )
  const { error, failingSinceMs, retryAtMs } = pipeline().polling
  t.equal(error?.code, code)
  t.match(error?.message, words)
  t.ok((failingSinceMs ?? Number.POSITIVE_INFINITY) <= (retryAtMs ?? 0), 'since when, and when it is tried again')
  t.match(
    log.find((line) => line.code === code),
    { level: /warn|error/, pipeline: 'main' },
    'the log says it too',
  )
  t.strictSame(pipeline().queue.deadLetters['@source'] ?? 0, 0)
  t.strictSame(unbalanced(pipeline().ledger), [])
}

test('S3: a wrong secret is mended in its file', async (t) => {
  const server = await S3Server.start(t)
  fill(server)
  server.secrets.set('id', 'right')
  const secret = join(t.testdir({}), 'secret')
  writeFileSync(secret, 'wrong\n', { mode: 0o600 })
  const running = await relayOf(t, server, { credentials: { access_key_id: 'id', secret_access_key: { file: secret } } })
  await failing(t, running, 'SOURCE_DENIED', /SignatureDoesNotMatch.*look at `credentials`/)
  writeFileSync(secret, 'right\n')
  await delivered(t, running, good)
})

interface BadObject {
  readonly name: string
  readonly stored?: Buffer
  readonly script?: Script
  readonly code?: ErrorCode
  readonly reason: RegExp
  /** Puts right what is wrong; how the object is read then. */
  readonly mend: (server: S3Server, stored: Buffer) => 'found anew' | 'replayed'
}

const bad = lines('bad', 10)
const packed = gzipSync(asObject(bad))

const badObjects: readonly BadObject[] = [
  {
    name: 'a gzip that is cut in half',
    stored: packed.subarray(0, packed.length >> 1),
    reason: /ends early/,
    mend: (server) => {
      server.put('bad', packed)
      return 'found anew'
    },
  },
  {
    name: 'an object that is deleted between list and get, and restored as it was',
    script: 'delete',
    reason: /NoSuchKey/,
    mend: (server, stored) => {
      server.put('bad', stored)
      return 'replayed'
    },
  },
  {
    name: 'an object that may not be read',
    script: { status: 403, code: 'AccessDenied' },
    code: 'SOURCE_DENIED',
    reason: /AccessDenied/,
    mend: () => 'replayed',
  },
]

for (const { name, stored = packed, script, code = 'OBJECT_UNREADABLE', reason, mend } of badObjects) {
  test(`S3: ${name}`, async (t) => {
    const server = await S3Server.start(t)
    fill(server)
    server.put('bad', stored)
    server.script = ({ what, key }) => (what === 'object' && key === 'bad' ? script : undefined)
    const running = await relayOf(t, server)
    const { pipeline, words, logrelay, arrived, log } = running
    await until(
      () => `a dead letter; it says ${words()}`,
      () => pipeline().queue.deadLetters['@source'] === 1,
    )
    const told = await until('the log to tell of it', () => log.find(({ msg }) => msg.includes('dead letter')))
    t.match(told, { level: 'error', code, pipeline: 'main', msg: reason })
    await until(
      () => `the rest to be delivered; it says ${words()}`,
      () => (pipeline().ledger.sinks.up?.delivered ?? 0) >= good.length,
    )
    t.match((await logrelay('deadletter', 'show', 'main', '--sink', '@source')).out, reason)
    t.strictSame(arrived().toSorted(), good.toSorted(), 'nothing of what is bad')
    server.script = () => undefined
    const replayed = mend(server, stored) === 'replayed'
    if (replayed) t.equal((await logrelay('deadletter', 'replay', 'main', '--sink', '@source')).status, 0)
    await delivered(t, running, [...good, ...bad])
    t.equal(pipeline().queue.deadLetters['@source'] ?? 0, replayed ? 0 : 1)
  })
}
