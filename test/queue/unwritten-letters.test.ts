import { cpSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { QueueConfig } from '../../src/config/schema.ts'
import { RelayError } from '../../src/core/errors.ts'
import type { Lease } from '../../src/core/queue.ts'
import { LevelQueue } from '../../src/queue/level-queue.ts'
import { shortDir } from '../support/short-dir.ts'
import { FailingLevel, levelError } from './failing-level.ts'
import { bulkBatch, deadline, drain, imbalance, never, queueConfig, recordingLogger, store } from './queue-fixtures.ts'

interface Made {
  readonly queue: LevelQueue
  readonly directory: string
  readonly level: FailingLevel
  readonly lease: Lease
}

function make(directory: string, durability: QueueConfig['durability'], level = new FailingLevel()): LevelQueue {
  const config = queueConfig({ durability })
  return new LevelQueue({ directory, config, minFreeDisk: 0, sinks: ['a'], pipeline: 'p' }, { logger: recordingLogger(), level })
}

/** A queue with ten messages, all leased, which cannot write dead letters. */
async function leased(t: Test, durability: QueueConfig['durability']): Promise<Made> {
  const timer = setInterval(() => undefined, 1000) // the queue's own timers keep no process alive
  t.teardown(() => clearInterval(timer))
  const directory = join(shortDir(t), 'queue')
  const level = new FailingLevel()
  const queue = make(directory, durability, level)
  await queue.start()
  await store(queue, bulkBatch(0, 10, 100))
  const lease = await queue.reader('a').lease(1, never)
  if (lease === undefined) throw new Error('the queue is closed')
  level.fails = (operations) => operations.some(({ key }) => key[0] === 'd'.charCodeAt(0))
  level.writeError = levelError('IO error: 000005.log: Input/output error')
  return { queue, directory, level, lease }
}

function reject({ lease }: Made, from: number, through: number): Promise<void> {
  return lease.settle([], [{ seqs: [from, through], error: new RelayError('ENDPOINT_REFUSED', 'no number') }])
}

/** The watermark tells of now. */
async function watermark({ queue, directory }: Made): Promise<void> {
  queue.drop('kernel', 'udp', 1)
  while (!readFileSync(join(directory, 'watermark.json'), 'utf8').includes('kernel')) await delay(3)
}

/** What a kill at this moment would leave. */
function killed({ directory }: Made): string {
  const copy = `${directory}-killed`
  cpSync(directory, copy, { recursive: true })
  return copy
}

async function end({ queue, level }: Made, settled: Promise<unknown>): Promise<void> {
  level.writeError = undefined
  await settled
  await queue.stop(deadline())
}

async function comesAgain(t: Test, directory: string, messages: number): Promise<void> {
  const queue = make(directory, 'always')
  await queue.start()
  t.match(queue.ledger().sinks.a, { delivered: 10 - messages, rejected: 0, queued: messages })
  t.same(imbalance(queue.ledger()), [])
  t.equal((await drain(queue, 'a')).length, messages)
  t.notOk(queue.status().detail, 'nothing is damaged')
  await queue.stop(deadline())
}

t.test('no watermark passes a dead letter that is not on disk: what was rejected comes again, what was delivered does not', async (t) => {
  const made = await leased(t, 'always')
  made.level.fails = () => true
  const failed = made.level.failure()
  const settled = [made.lease.settle([[0, 3]], []), reject(made, 4, 9)]
  await failed
  await watermark(made)
  await comesAgain(t, killed(made), 6)
  await end(made, Promise.all(settled))
  const [, told = ''] = readFileSync(join(made.directory, 'watermark.json'), 'utf8').split('\n')
  t.match(JSON.parse(told).cursors.a, { seq: 10, delivered: 4, rejected: 6 }, 'once they are, it tells of them')
})

t.test('nor do the records of a store that was opened again before the letters could be written', async (t) => {
  const made = await leased(t, 'always')
  const settled = reject(made, 0, 9)
  await made.level.failure()
  await made.level.failure()
  const copy = killed(made)
  rmSync(join(copy, 'watermark.json'))
  await comesAgain(t, copy, 10)
  await end(made, settled)
})

t.test('what was only in memory and rejected is lost with it, and not in silence', async (t) => {
  const made = await leased(t, 'assisted')
  const settled = reject(made, 0, 9)
  await made.level.failure()
  await watermark(made)
  const after = make(killed(made), 'assisted')
  await after.start()
  t.same(after.ledger().sinks.a, { received: 11, delivered: 0, rejected: 0, queued: 0, dropped: { damaged: 10, kernel: 1 } })
  await after.stop(deadline())
  await end(made, settled)
})
