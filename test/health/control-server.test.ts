import { chmodSync, existsSync, linkSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { type Test, test } from 'tap'
import type { StoredBatch } from '../../src/core/batch.ts'
import { drain, getQueue, getStatus, queueMessages } from '../../src/health/control-client.ts'
import { ControlServer, type ControlServerOptions } from '../../src/health/control-server.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { samplePipeline, sampleStatus } from '../support/sample-status.ts'
import { shortDir } from '../support/short-dir.ts'
import { collect } from './collect.ts'
import { fetchHttp } from './request.ts'
import { storedBatch } from './sample-batches.ts'

const any = Buffer.from([0, 10, 13, 255, 254])
const batches = [
  storedBatch(
    [Buffer.from('one'), any, Buffer.from('three')],
    [
      [5, 5],
      [8, 9],
    ],
  ),
  storedBatch([Buffer.from('four')], [[10, 10]]),
]

async function* all(): AsyncGenerator<StoredBatch> {
  yield* batches
}

const none = async function* () {}
const noLetters = { sorted: none, read: none, replay: none, drop: async () => 0 }

function build(dataDir: string, options: Partial<ControlServerOptions> = {}) {
  const log = new RecordingLogger()
  const browse = (pipeline: string) => (pipeline === 'nginx' ? all() : undefined)
  const server = new ControlServer({ dataDir, status: sampleStatus, browse, letters: noLetters, drain: () => {}, log, ...options })
  return { server, log, path: server.path }
}

async function started(t: Test, options: Partial<ControlServerOptions> = {}) {
  const built = build(join(shortDir(t), 'data'), options)
  await built.server.start()
  t.teardown(() => built.server.stop(AbortSignal.abort()))
  return built
}

test('the directory and the socket are for our user alone, and stop removes the socket', async (t) => {
  const { server, path } = await started(t)
  t.equal(lstatSync(path).mode & 0o777, 0o600)
  t.equal(lstatSync(dirname(path)).mode & 0o777, 0o700)
  await server.stop(AbortSignal.abort())
  t.notOk(existsSync(path))
  await server.stop(AbortSignal.abort())
})

test('status and a queue', async (t) => {
  const { path } = await started(t)
  t.strictSame(await getStatus(path), sampleStatus())
  t.strictSame(await getQueue(path, 'nginx'), samplePipeline())
  const unknown = { code: 'PIPELINE_UNKNOWN', hint: 'there is nginx' }
  await t.rejects(getQueue(path, 'nosuch'), unknown)
  await t.rejects(getQueue(path, '../status'), unknown)
})

test('messages come whole, whatever their bytes, from a number on and up to a limit', async (t) => {
  const { path } = await started(t)
  const messages = await collect(queueMessages(path, 'nginx'))
  const senders = { tcp: { peer: '192.0.2.1', transport: 'tcp' }, udp: { peer: '2001:db8::2', transport: 'udp' } }
  t.strictSame(messages, [
    { seq: 5, ...senders.tcp, receivedAtMs: 1_700_000_000_000, flags: 0, bytes: Buffer.from('one').toString('base64') },
    { seq: 8, ...senders.udp, receivedAtMs: 1_700_000_000_001, flags: 1, bytes: any.toString('base64') },
    { seq: 9, ...senders.tcp, receivedAtMs: 1_700_000_000_002, flags: 0, bytes: Buffer.from('three').toString('base64') },
    { seq: 10, ...senders.tcp, receivedAtMs: 1_700_000_000_000, flags: 0, bytes: Buffer.from('four').toString('base64') },
  ])
  const seqs = async (options: { from?: number; limit?: number }) =>
    (await collect(queueMessages(path, 'nginx', options))).map((message) => message.seq)
  t.strictSame(await seqs({ from: 8 }), [8, 9, 10])
  t.strictSame(await seqs({ from: 6, limit: 2 }), [8, 9])
  t.strictSame(await seqs({ limit: 1 }), [5])
  t.strictSame(await seqs({ limit: 0 }), [])
  t.strictSame(await seqs({ from: 11 }), [])
  await t.rejects(collect(queueMessages(path, 'nosuch')), { code: 'PIPELINE_UNKNOWN' })
  await t.rejects(seqs({ from: -1 }), { code: 'CONTROL_FAILED', message: /whole numbers/ })
  await t.rejects(seqs({ limit: 1.5 }), { code: 'CONTROL_FAILED', message: /whole numbers/ })
})

test('a queue that is closed is not taken for an empty one', async (t) => {
  const nginx = samplePipeline({ queue: { ...samplePipeline().queue, condition: 'closed' } })
  const { path } = await started(t, { status: () => sampleStatus({ state: 'drained', pipelines: { nginx } }), browse: () => none() })
  await t.rejects(collect(queueMessages(path, 'nginx')), { code: 'QUEUE_CLOSED', message: 'the queue of pipeline nginx is closed' })
  t.strictSame(await getQueue(path, 'nginx'), nginx, 'its figures are told')
})

test('a reader that pauses holds the queue back, and one that leaves ends the browsing', async (t) => {
  const browsing = { batches: 0, ended: Promise.withResolvers<void>() }
  async function* endless(signal: AbortSignal): AsyncGenerator<StoredBatch> {
    try {
      for (; !signal.aborted; browsing.batches++) yield storedBatch([Buffer.alloc(1 << 18)], [[browsing.batches, browsing.batches]])
    } finally {
      browsing.ended.resolve()
    }
  }
  const { path } = await started(t, { browse: (_pipeline, _from, signal) => endless(signal) })
  const messages = queueMessages(path, 'nginx')
  t.match(await messages.next(), { value: { seq: 0 } })
  // Every buffer on the way fills up; then nothing more is read from the queue.
  for (let before = -1, idle = 0; idle < 50; idle++) {
    if (browsing.batches !== before) idle = 0
    before = browsing.batches
    await setImmediate()
  }
  const held = browsing.batches
  t.ok(held < 100, `${held} batches`)
  for (let i = 1; i < 20; i++) t.match(await messages.next(), { value: { seq: i } })
  await messages.return(undefined)
  await browsing.ended.promise
})

test('a queue that fails while it is read, and a relay that stops, do not look like the end of the messages', async (t) => {
  async function* broken(): AsyncGenerator<StoredBatch> {
    yield* batches
    throw new Error('a block is damaged')
  }
  const { path, log } = await started(t, { browse: () => broken() })
  await t.rejects(collect(queueMessages(path, 'nginx')), { code: 'CONTROL_FAILED' })
  t.match(log.lines, [{ level: 'error', fields: { error: { message: 'a block is damaged' } } }])

  async function* waits(signal: AbortSignal): AsyncGenerator<StoredBatch> {
    yield* batches
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
  }
  const second = build(shortDir(t), { browse: (_pipeline, _from, signal) => waits(signal) })
  await second.server.start()
  const messages = queueMessages(second.path, 'nginx')
  t.match(await messages.next(), { value: { seq: 5 } })
  const rest = t.rejects(collect(messages), { code: 'CONTROL_FAILED' })
  await second.server.stop(AbortSignal.timeout(60_000))
  await rest
})

test('drain is answered at once; when it fails the log says so', async (t) => {
  const drained = Promise.withResolvers<void>()
  const { path } = await started(t, { drain: drained.resolve })
  await drain(path)
  await drained.promise
  const failing = build(shortDir(t), { drain: () => Promise.reject(new Error('no')) })
  await failing.server.start()
  t.teardown(() => failing.server.stop(AbortSignal.abort()))
  await drain(failing.path)
  t.strictSame(failing.log.messages('error'), ['draining failed'])
})

test('methods and paths that are not there', async (t) => {
  const { path: socketPath } = await started(t)
  const status = async (method: string, path: string) => (await fetchHttp({ socketPath, method, path })).status
  t.equal(await status('GET', '/drain'), 405)
  t.equal(await status('POST', '/status'), 405)
  t.equal(await status('DELETE', '/queues/nginx'), 405)
  for (const path of ['/', '/status/x', '/queues', '/queues/nginx/messages/1', '/queues/nginx/other', '/drain/now', '/%zz']) {
    t.equal(await status('GET', path), 404, path)
  }
  t.equal(await status('GET', '/queues/%zz'), 404)
})

test('a directory that a living relay holds is refused with its pid, and the relay goes on', async (t) => {
  const { path } = await started(t)
  const before = lstatSync(path, { bigint: true }).ctimeNs
  const other = build(dirname(path))
  await t.rejects(other.server.start(), { code: 'DATA_DIR_IN_USE', message: /pid 4242/ })
  await other.server.stop(AbortSignal.abort())
  t.equal((await getStatus(path)).pid, 4242)
  t.equal(lstatSync(path, { bigint: true }).ctimeNs, before, 'not even moved aside')
})

test('of two relays that start at once over a stale socket one wins', async (t) => {
  const dir = shortDir(t)
  await leaveStaleSocket(join(dir, 'control.sock'))
  const both = [build(dir), build(dir)]
  const results = await Promise.allSettled(both.map(({ server }) => server.start()))
  t.teardown(() => Promise.all(both.map(({ server }) => server.stop(AbortSignal.abort()))))
  t.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
  t.match(
    results.find(({ status }) => status === 'rejected'),
    { reason: { code: 'DATA_DIR_IN_USE' } },
  )
  t.equal((await getStatus(join(dir, 'control.sock'))).pid, 4242)
})

test('what a dead relay left is removed; what is no socket is not', async (t) => {
  const dir = shortDir(t)
  const path = join(dir, 'control.sock')
  await leaveStaleSocket(path)
  const { server } = build(dir)
  await server.start()
  t.equal((await getStatus(path)).pid, 4242)
  t.strictSame(readdirSync(dir), ['control.sock'])
  await server.stop(AbortSignal.abort())
  writeFileSync(path, 'precious')
  await t.rejects(build(dir).server.start(), { code: 'DATA_DIR_UNUSABLE', message: /not a socket/ })
  t.ok(existsSync(path))
})

test('a process that holds the socket and does not speak our language is left alone', async (t) => {
  const dir = shortDir(t)
  const path = join(dir, 'control.sock')
  const other = createServer((socket) => socket.end('220 hello\r\n')).listen(path)
  t.teardown(() => other.close())
  await t.rejects(build(dir).server.start(), { code: 'DATA_DIR_IN_USE', message: /does not answer/ })
  t.ok(existsSync(path))
})

test('a path too long for a socket, one that cannot be made, and a directory that others can write', async (t) => {
  const dir = shortDir(t)
  const long = join('/tmp', 'x'.repeat(107 - '/tmp/'.length - '/control.sock'.length))
  await t.rejects(build(`${long}x`).server.start(), { code: 'DATA_DIR_UNUSABLE', message: /108 bytes/, hint: /1 bytes shorter/ })
  t.notOk(existsSync(`${long}x`))
  writeFileSync(join(dir, 'file'), '')
  await t.rejects(build(join(dir, 'file', 'data')).server.start(), { code: 'DATA_DIR_UNUSABLE' })
  const open = join(dir, 'open')
  mkdirSync(open)
  chmodSync(open, 0o777)
  const { server, log, path } = build(open)
  await server.start()
  t.teardown(() => server.stop(AbortSignal.abort()))
  t.match(log.messages('warn'), [/chmod 700/])
  t.equal(lstatSync(path).mode & 0o777, 0o600)
})

/** A socket file that nobody listens on, as a kill leaves it: a hard link outlives the close, which removes the name it was bound to. */
async function leaveStaleSocket(path: string): Promise<void> {
  const server = createServer().listen(`${path}.live`)
  await new Promise((resolve) => server.once('listening', resolve))
  linkSync(`${path}.live`, path)
  await new Promise((resolve) => server.close(resolve))
  await new Promise((resolve) => connect(path).once('error', resolve))
}
