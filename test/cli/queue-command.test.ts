import { join } from 'node:path'
import t from 'tap'
import type { MessageRange, QueuedMessage } from '../../src/cli/relay-api.ts'
import { RelayError } from '../../src/core/errors.ts'
import type { RelayStatus } from '../../src/core/status.ts'
import { pipeline, queue, status } from './example-status.ts'
import { FakeTerminal, fakeRelay, run } from './fake-terminal.ts'

const notRunning = () => Promise.reject(new RelayError('NOT_RUNNING', 'no relay runs', { hint: 'start one' }))

/** A file with a mistake: these commands work all the same. */
function configIn(t: { testdir(files: { 'f.yaml': string }): string }): string {
  return join(t.testdir({ 'f.yaml': 'data_dir: /srv/relay\nzebra: 1\npipelines: { nginx: {}, asa: {} }\n' }), 'f.yaml')
}

async function* messages(from: number, count: number): AsyncGenerator<QueuedMessage> {
  for (let seq = from; seq < from + count; seq++) {
    yield {
      seq,
      peer: '192.0.2.1',
      transport: 'tcp',
      receivedAtMs: 0,
      flags: 0,
      bytes: Buffer.from(`m\xff${seq}`, 'latin1').toString('base64'),
    }
  }
}

t.test('status of a running relay', async (t) => {
  const config = configIn(t)
  const asked: string[] = []
  const relay = fakeRelay({
    getStatus: async (dataDir) => {
      asked.push(dataDir)
      return status
    },
  })
  t.match((await run(['status', '--config', config], { relay })).out, /^logrelay 1\.2\.3, process 42.*\nnginx +yes/s)
  t.same(JSON.parse((await run(['status', '--json', '--config', config], { relay })).out), JSON.parse(JSON.stringify(status)))
  t.same(asked, ['/srv/relay', '/srv/relay'])
  const none = await run(['status', '--config', config], { relay: fakeRelay({ getStatus: notRunning }) })
  t.same([none.status, none.out], [1, ''])
  t.match(none.err, /^logrelay: no relay runs\n {2}start one\n {2}code: NOT_RUNNING/)
})

t.test('drain', async (t) => {
  const config = configIn(t)
  const asked: string[] = []
  const drain = async (dataDir: string) => void asked.push(dataDir)
  const { status, out } = await run(['drain', '--config', config], { relay: fakeRelay({ drain }) })
  t.equal(status, 0)
  t.match(out, /^The relay is draining/)
  t.same(asked, ['/srv/relay'])
})

t.test('drain --wait comes back when it is safe to terminate, or when the relay has ended', async (t) => {
  const config = configIn(t)
  const drain = async () => {}
  const answers: RelayStatus[] = [
    { ...status, state: 'draining' },
    { ...status, state: 'drained', safeToTerminate: true, reasons: ['the relay is drained and safe to terminate: 7 wait'] },
  ]
  const getStatus = async () => answers.shift() ?? t.fail('it asks again')
  const drained = await run(['drain', '--wait', '--config', config], { relay: fakeRelay({ drain, getStatus: getStatus as never }) })
  t.match(drained.out, /safe to terminate: 7 wait\n$/)
  t.equal(drained.status, 0)
  const gone = () => Promise.reject(new RelayError('NOT_RUNNING', 'no relay'))
  const ended = await run(['drain', '--wait', '--config', config], { relay: fakeRelay({ drain, getStatus: gone }) })
  t.match(ended.out, /The relay has ended/)
  // One that died and was started again was never asked to drain.
  const lives: RelayStatus[] = [
    { ...status, state: 'draining', pid: 1 },
    { ...status, state: 'running', pid: 2 },
  ]
  const nextLife = async () => lives.shift() ?? t.fail('it asks again')
  const restarted = await run(['drain', '--wait', '--config', config], { relay: fakeRelay({ drain, getStatus: nextLife as never }) })
  t.match(restarted.out, /another one was started/)
  // The last look of one that ends may break off.
  const looks = [new RelayError('CONTROL_FAILED', 'socket hang up'), new RelayError('NOT_RUNNING', 'no relay')]
  const broken = () => Promise.reject(looks.shift() ?? t.fail('it asks again'))
  const ending = await run(['drain', '--wait', '--config', config], { relay: fakeRelay({ drain, getStatus: broken }) })
  t.match(ending.out, /The relay has ended/)
  t.equal(ending.status, 0)
})

t.test('queues of a running relay', async (t) => {
  const config = configIn(t)
  const relay = fakeRelay({ getStatus: async () => status, getQueue: async () => pipeline })
  t.match((await run(['queue', '--config', config], { relay })).out, /\nnginx +open.*\nasa +open/s)
  const one = await run(['queue', 'nginx', '--json', '--config', config], { relay })
  t.same(JSON.parse(one.out), { nginx: queue })
})

t.test('queues on disk while no relay runs', async (t) => {
  const config = configIn(t)
  const opened: string[] = []
  const relay = fakeRelay({
    getStatus: notRunning,
    getQueue: notRunning,
    offlineQueue: async (dataDir, name) => {
      opened.push(`${dataDir} ${name}`)
      return { queue }
    },
  })
  const all = await run(['queue', '--config', config], { relay })
  t.match(all.out, /\nnginx .*\nasa /s)
  t.equal(all.err, 'no relay is running: reading the queues on disk\n')
  await run(['queue', 'nginx', '--config', config], { relay })
  t.same(opened, ['/srv/relay nginx', '/srv/relay asa', '/srv/relay nginx'])
})

t.test('of all queues on disk one that has never been is left out, alone it is an error', async (t) => {
  const config = configIn(t)
  const offlineQueue = async (_dataDir: string, name: string) => {
    if (name === 'asa') throw new RelayError('PIPELINE_UNKNOWN', 'there is no queue of a pipeline asa')
    return { queue }
  }
  const relay = fakeRelay({ getStatus: notRunning, getQueue: notRunning, offlineQueue })
  const all = await run(['queue', '--json', '--config', config], { relay })
  t.same([JSON.parse(all.out), all.status], [{ nginx: queue }, 0])
  t.match((await run(['queue', 'asa', '--config', config], { relay })).err, /no queue of a pipeline asa/)
})

t.test('any other error is no reason to open the store', async (t) => {
  const config = configIn(t)
  const relay = fakeRelay({ getStatus: () => Promise.reject(new RelayError('CONTROL_FAILED', 'no answer')) })
  const { status, err } = await run(['queue', '--config', config], { relay })
  t.equal(status, 1)
  t.match(err, /^logrelay: no answer\n {2}code: CONTROL_FAILED/)
})

t.test('messages: readable, raw, JSON; from a relay or from disk', async (t) => {
  const config = configIn(t)
  const ranges: MessageRange[] = []
  const take = (_dataDir: string, _pipeline: string, range: MessageRange) => {
    ranges.push(range)
    return messages(range.from ?? 0, Math.min(range.limit, 3))
  }
  const relay = fakeRelay({ queueMessages: take })
  const args = ['queue', 'nginx', '--messages', '--config', config]
  t.equal((await run([...args, '--limit', '1'], { relay })).out, '0  1970-01-01T00:00:00Z  192.0.2.1 tcp  m\uFFFD0\n')
  t.equal((await run([...args, '--raw', '--from', '5'], { relay })).out, 'm\xff5\nm\xff6\nm\xff7\n', 'byte for byte')
  t.match(JSON.parse((await run([...args, '--json', '--limit', '1'], { relay })).out), { seq: 0, peer: '192.0.2.1' })
  t.same(ranges, [{ limit: 1 }, { limit: 100, from: 5 }, { limit: 1 }])
  const odd = fakeRelay({
    queueMessages: async function* () {
      for await (const message of messages(0, 1)) yield { ...message, peer: 'a\u009b2J' }
    },
  })
  t.match((await run([...args, '--json'], { relay: odd })).out, '"a\\u009b2J"', 'a terminal would obey')
  const failing = () => ({ [Symbol.asyncIterator]: () => ({ next: notRunning }) })
  const offline = fakeRelay({ queueMessages: failing, offlineMessages: take })
  const { out, err } = await run([...args, '--raw', '--limit', '1'], { relay: offline })
  t.same([out, err], ['m\xff0\n', 'no relay is running: reading the queues on disk\n'])
})

t.test('stops when nobody reads any more', async (t) => {
  const config = configIn(t)
  let handedOut = 0
  async function* endless(): AsyncGenerator<QueuedMessage> {
    for (;;) {
      handedOut++
      yield* messages(0, 1)
    }
  }
  const terminal = new FakeTerminal([], 2)
  const { status } = await run(['queue', 'nginx', '--messages', '--config', config], {
    terminal,
    relay: fakeRelay({ queueMessages: endless }),
  })
  t.equal(status, 0)
  t.equal(handedOut, 3)
})
