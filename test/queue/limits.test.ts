import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { QueueConfig } from '../../src/config/schema.ts'
import { LevelQueue } from '../../src/queue/level-queue.ts'
import { diskUse } from '../support/relay-disk-use.ts'
import { shortDir } from '../support/short-dir.ts'
import {
  bulkBatch,
  bulkText,
  deadline,
  drain,
  imbalance,
  never,
  queueConfig,
  recordingLogger,
  store,
  take,
  textsOf,
} from './queue-fixtures.ts'

const mebibyte = 2 ** 20
const perBatch = 100
const size = 1000

async function start(t: Test, config: Partial<QueueConfig>, freeDisk?: () => Promise<number>, minFreeDisk = 0): Promise<LevelQueue> {
  const directory = join(shortDir(t), 'queue')
  const tools = { logger: recordingLogger(), ...(freeDisk === undefined ? {} : { freeDisk }) }
  const queue = new LevelQueue({ directory, config: queueConfig(config), minFreeDisk, sinks: ['a'], pipeline: 'p' }, tools)
  await queue.start()
  return queue
}

/** Appends until the queue is full; returns how many messages it took. */
async function fillUp(queue: LevelQueue, limit = 1000): Promise<number> {
  let taken = 0
  for (let i = 0; i < limit && queue.status().condition === 'open'; i++) {
    const receipt = queue.append(bulkBatch(taken, perBatch, size))
    if (receipt === 'full') break
    taken += perBatch
    await receipt.stored
  }
  return taken
}

t.test('block: full at the limit, open again at nine tenths of it, nothing lost', async (t) => {
  const queue = await start(t, { max_size: mebibyte })
  const conditions: string[] = []
  queue.onCondition((condition) => conditions.push(condition))
  const taken = await fillUp(queue)
  t.same(conditions, ['full'])
  t.equal(queue.append(bulkBatch(0, 1, 10)), 'full')
  const last = queue.append(bulkBatch(taken, 1, 10), { last: true })
  t.not(last, 'full', 'a stopping source may exceed the limit')
  if (last !== 'full') await last.stored
  t.match(queue.status(), { condition: 'full', detail: /bytes wait for the slowest sink/, maxBytes: mebibyte })
  const room = queue.room(never)
  const lease = await queue.reader('a').lease(1, never)
  await lease?.settle([[0, 0]], [])
  t.equal(queue.status().condition, 'full', 'one message less does not open it')
  const leased = lease?.batch.ends.length ?? 0
  await lease?.settle(lease.batch.seqs, [])
  lease?.release()
  const rest = await drain(queue, 'a')
  await room
  t.same(conditions, ['full', 'open'])
  t.equal(rest.length + leased, taken + 1)
  t.equal(queue.status().bytes, 0)
  await queue.stop(deadline())
})

t.test('drop_newest: stays open, counts what it drops', async (t) => {
  const queue = await start(t, { max_size: mebibyte, when_full: 'drop_newest' })
  for (let i = 0; i < 30; i++) await store(queue, bulkBatch(i * perBatch, perBatch, size))
  t.equal(queue.status().condition, 'open')
  const { received, queued, dropped } = queue.ledger().sinks.a ?? { received: 0, queued: 0, dropped: {} }
  t.equal(received, 3000)
  t.ok((dropped.queue_full ?? 0) > 0 && queued > 0)
  t.same(imbalance(queue.ledger()), [])
  t.same(
    await drain(queue, 'a'),
    Array.from({ length: queued }, (_, i) => bulkText(i, size)),
    'the oldest are kept',
  )
  await queue.stop(deadline())
})

t.test('drop_oldest: the newest are kept, a lease that is out is left alone, also after a restart', async (t) => {
  const directory = join(shortDir(t), 'queue')
  const make = () =>
    new LevelQueue(
      { directory, config: queueConfig({ max_size: mebibyte, when_full: 'drop_oldest' }), minFreeDisk: 0, sinks: ['a'], pipeline: 'p' },
      { logger: recordingLogger() },
    )
  const queue = make()
  await queue.start()
  await store(queue, bulkBatch(0, perBatch, size))
  const lease = await queue.reader('a').lease(1, never)
  for (let i = 1; i < 40; i++) await store(queue, bulkBatch(i * perBatch, perBatch, size))
  t.equal(queue.status().condition, 'open')
  t.ok(queue.status().bytes < 1.3 * mebibyte)
  t.same(queue.status().cursors, { a: 0 })
  t.same(imbalance(queue.ledger()), [])
  await queue.stop(deadline())
  t.equal(lease?.batch.ends.length, perBatch)

  const again = make()
  await again.start()
  const got = await drain(again, 'a')
  t.same(
    got.slice(0, perBatch),
    Array.from({ length: perBatch }, (_, i) => bulkText(i, size)),
    'what was leased',
  )
  t.equal(got.at(-1), bulkText(3999, size))
  const books = again.ledger().sinks.a
  t.same(books, { received: 4000, delivered: got.length, rejected: 0, queued: 0, dropped: { oldest: 4000 - got.length } })
  await again.stop(deadline())
})

t.test('disk use stays within the limit plus one third, full, draining slowly and drained', async (t) => {
  const directory = join(shortDir(t), 'queue')
  const limit = 8 * mebibyte
  const queue = new LevelQueue(
    { directory, config: queueConfig({ max_size: limit, durability: 'assisted' }), minFreeDisk: 0, sinks: ['a'], pipeline: 'p' },
    { logger: recordingLogger() },
  )
  await queue.start()
  const taken = await fillUp(queue)
  t.ok(diskUse(directory) < (limit * 4) / 3, `full: ${diskUse(directory)}`)
  let most = 0
  let next = taken
  for (let round = 0; round < 60; round++) {
    const lease = await queue.reader('a').lease(100_000, never)
    await lease?.settle(lease.batch.seqs, [])
    lease?.release()
    const receipt = queue.append(bulkBatch(next, perBatch, size))
    if (receipt !== 'full') {
      await receipt.stored
      next += perBatch
    }
    most = Math.max(most, diskUse(directory))
  }
  t.ok(most < (limit * 4) / 3, `at the limit: ${most}`)
  await drain(queue, 'a')
  await queue.stop(deadline())
  t.ok(diskUse(directory) < limit / 2, `drained: ${diskUse(directory)}`)
})

t.test('too little free disk stops the intake, not the delivery, until there is a tenth more than asked for', async (t) => {
  let free = 2000
  const alive = setInterval(() => undefined, 1000) // the queue's own timer keeps no process alive
  t.teardown(() => clearInterval(alive))
  const queue = await start(t, {}, async () => free, 1000)
  await take(queue, bulkBatch(0, 1, 100)).stored
  free = 900
  const conditions: string[] = []
  const changed = new Promise<void>((resolve) => void queue.onCondition(() => resolve()))
  queue.onCondition((condition) => conditions.push(condition))
  queue.append(bulkBatch(0, 1, 100)) // free disk is looked at while there is intake
  await changed
  t.equal(queue.append(bulkBatch(1, 1, 100)), 'full')
  t.match(queue.status().detail, /900 bytes of disk are free/)
  queue.drop('queue_full', 'udp', 3)
  t.same(queue.ledger().dropped, { disk_full: 3 }, 'a source cannot know why nothing is taken')
  t.same(await drain(queue, 'a'), [bulkText(0, 100), bulkText(0, 100)], 'what is queued is still delivered')
  free = 2000
  await queue.room(never)
  t.same(conditions, ['disk_full', 'open'])
  await queue.stop(deadline())
})

t.test('messages that came in many small batches go out in larger ones', async (t) => {
  const queue = await start(t, {})
  const receipts = Array.from({ length: 200 }, (_, i) => take(queue, bulkBatch(i, 1, 100)))
  await Promise.all(receipts.map(({ stored }) => stored))
  const lease = await queue.reader('a').lease(mebibyte, never)
  t.same(
    textsOf(lease?.batch ?? bulkBatch(0, 1, 1)),
    Array.from({ length: 200 }, (_, i) => bulkText(i, 100)),
  )
  t.same(lease?.batch.seqs, [[0, 199]])
  t.ok((lease?.batch.origins.length ?? 200) < 20, 'they were stored as a few records')
  await queue.stop(deadline())
})
