import { cpSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { QueueConfig } from '../../src/config/schema.ts'
import { LevelQueue } from '../../src/queue/level-queue.ts'
import { shortDir } from '../support/short-dir.ts'
import { FailingLevel, levelError } from './failing-level.ts'
import {
  batchOf,
  bulkBatch,
  bulkText,
  deadline,
  drain,
  imbalance,
  never,
  queueConfig,
  recordingLogger,
  startAfter,
  store,
  take,
  textsOf,
} from './queue-fixtures.ts'

function start(directory: string, over: Partial<QueueConfig> = {}, sinks = ['a'], level = new FailingLevel()): Promise<LevelQueue> {
  const config = queueConfig({ durability: 'assisted', max_memory: 32 * 2 ** 20, ...over })
  const options = { directory, config, minFreeDisk: 0, sinks, pipeline: 'p' }
  return startAfter(() => new LevelQueue(options, { logger: recordingLogger(), level }))
}

/** What a kill at this moment would leave. */
function killed(directory: string): string {
  const copy = `${directory}-killed`
  cpSync(directory, copy, { recursive: true })
  return copy
}

t.test('what a sink takes at once is never written; a kill leaves books that balance, and a new name', async (t) => {
  const directory = join(shortDir(t), 'queue')
  const queue = await start(directory)
  await take(queue, bulkBatch(0, 100, 2000)).stored
  const lease = await queue.reader('a').lease(1, never)
  t.equal(textsOf(lease?.batch ?? batchOf(['']))[99], bulkText(99, 2000))
  await lease?.settle(lease.batch.seqs, [])
  lease?.release()
  await take(queue, batchOf(['in memory'])).stored
  t.match(queue.status(), { messages: 1, bytes: 0, nextSeq: 101 })
  t.match(queue.ledger().sinks.a, { received: 101, delivered: 100, queued: 1 })

  const after = await start(killed(directory))
  t.same(imbalance(after.ledger()), [])
  t.same(after.ledger().sinks.a?.dropped, {}, 'nothing that was on disk is missing')
  t.not(after.status().queueId, queue.status().queueId, 'its numbers may be given a second time')
  t.equal(after.status().detail, undefined)
  await after.stop(deadline())
  await queue.stop(deadline())
})

t.test('a stop writes what is in memory, and the name stays', async (t) => {
  const directory = join(shortDir(t), 'queue')
  const queue = await start(directory, {}, ['a', 'b'])
  for (let i = 0; i < 3; i++) await take(queue, bulkBatch(i * 100, 100, 2000)).stored
  const lease = await queue.reader('a').lease(1, never)
  await lease?.settle([[0, 49]], [])
  lease?.release()
  const { queueId } = queue.status()
  await queue.stop(deadline())
  const again = await start(directory, {}, ['a', 'b'])
  t.equal(again.status().queueId, queueId)
  t.same(imbalance(again.ledger()), [])
  t.same(
    await drain(again, 'a'),
    Array.from({ length: 250 }, (_, i) => bulkText(i + 50, 2000)),
  )
  t.equal((await drain(again, 'b')).length, 300)
  t.match(again.ledger().sinks.a, { received: 300, delivered: 300, queued: 0 })
  t.equal(again.status().bytes, 0)
  await again.stop(deadline())
})

t.test('sinks that lag: senders wait first, then the disk takes over, and memory again when all is read', async (t) => {
  const queue = await start(join(shortDir(t), 'queue'))
  const receipts = Array.from({ length: 50 }, (_, i) => take(queue, bulkBatch(i * 100, 100, 2000)))
  t.equal(queue.status().bytes, 0)
  await Promise.all(receipts.map(({ stored }) => stored))
  t.ok(queue.status().bytes > 1_000_000, 'on disk')
  await store(queue, bulkBatch(5000, 100, 2000))
  t.equal((await drain(queue, 'a')).length, 5100)
  await store(queue, batchOf(['at once']))
  t.match(queue.status(), { messages: 1, bytes: 0 })
  t.same(await drain(queue, 'a'), ['at once'])
  t.match(queue.ledger().sinks.a, { received: 5101, delivered: 5101 })
  await queue.stop(deadline())
})

t.test('whoever needs it durable gets it written', async (t) => {
  const directory = join(shortDir(t), 'queue')
  const queue = await start(directory)
  await take(queue, batchOf(['first'])).stored
  await take(queue, batchOf(['second'])).durable()
  const after = await start(killed(directory))
  t.same(await drain(after, 'a'), ['first', 'second'])
  await after.stop(deadline())
  await queue.stop(deadline())
})

t.test('what is dropped while messages are in memory is on disk with them, and without them', async (t) => {
  const directory = join(shortDir(t), 'queue')
  const queue = await start(directory)
  const receipt = take(queue, batchOf(['first']))
  await take(queue, batchOf(['second', 'third'])).stored
  queue.drop('kernel', 'udp', 5)
  await receipt.durable()
  const written = await start(killed(directory))
  t.match(written.ledger(), { received: { tcp: 3, udp: 5 }, dropped: { kernel: 5 } })
  t.same(imbalance(written.ledger()), [])
  await written.stop(deadline())

  t.equal((await drain(queue, 'a')).length, 3)
  await store(queue, batchOf(['fourth']))
  queue.drop('kernel', 'udp', 2)
  // Whatever is written next tells of the drops; the message that is only in memory is not counted with it.
  const noted = queue.append(batchOf(['fifth']), { checkpoint: { key: 'k', value: Buffer.from('v') } })
  if (noted !== 'full') await noted.stored
  await queue.stop(deadline())
  const again = await start(directory)
  t.match(again.ledger(), { received: { tcp: 5, udp: 7 }, dropped: { kernel: 7 } })
  await again.stop(deadline())
})

t.test('more than the limit goes to the disk', async (t) => {
  const queue = await start(join(shortDir(t), 'queue'), { max_memory: 2 ** 20 })
  await Promise.all(Array.from({ length: 10 }, (_, i) => take(queue, bulkBatch(i * 100, 100, 2000)).stored))
  const browsed: string[] = []
  for await (const batch of queue.browse(0, never)) browsed.push(...textsOf(batch))
  t.equal(browsed.length, 1000, 'browsing sees what was in memory')
  t.equal((await drain(queue, 'a')).length, 1000)
  await queue.stop(deadline())
})

t.test('a stop at its deadline while the disk fails: what was in memory is dropped once, for each sink that did not have it', async (t) => {
  const directory = join(shortDir(t), 'queue')
  const level = new FailingLevel()
  const queue = await start(directory, {}, ['a', 'b'], level)
  await take(queue, bulkBatch(0, 10, 100)).stored
  const lease = await queue.reader('a').lease(1, never)
  await lease?.settle([[0, 6]], [])
  lease?.release()
  level.writeError = levelError('IO error: Input/output error')
  await queue.stop(AbortSignal.timeout(50))
  const books = { received: 10, delivered: 0, rejected: 0, queued: 0, dropped: { stopping: 10 } }
  const sinks = { a: { ...books, delivered: 7, dropped: { stopping: 3 } }, b: books }
  t.same(queue.ledger(), { received: { udp: 0, tcp: 10, tls: 0 }, dropped: {}, sinks })
  const again = await start(directory, {}, ['a', 'b'])
  t.same(again.ledger(), queue.ledger())
  t.notOk(again.status().detail)
  await again.stop(deadline())
})
