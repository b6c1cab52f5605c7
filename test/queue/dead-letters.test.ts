import { join } from 'node:path'
import t from 'tap'
import { RelayError } from '../../src/core/errors.ts'
import { DeadLetters } from '../../src/queue/dead-letters.ts'
import { LevelQueue } from '../../src/queue/level-queue.ts'
import { openLevel, writeBuffers } from '../../src/queue/leveldb.ts'
import { openForBrowsing } from '../../src/queue/open-for-browsing.ts'
import { batchOf, deadline, never, queueConfig, recordingLogger, take, textsOf } from './queue-fixtures.ts'

const error = new RelayError('MESSAGE_TOO_LARGE', 'too large for a datagram')

t.test('a rejected message can be read with its reason, on a running queue and without one', async (t) => {
  const directory = join(t.testdir(), 'queue')
  const queue = new LevelQueue(
    { directory, config: queueConfig(), minFreeDisk: 0, sinks: ['a'], pipeline: 'p' },
    { logger: recordingLogger() },
  )
  await queue.start()
  await take(queue, batchOf(['one', 'two', 'three'])).stored
  const lease = await queue.reader('a').lease(1000, never)
  await lease?.settle([[0, 0]], [{ seqs: [1, 1], error }])
  const letter = { seq: 1, sink: 'a', code: 'MESSAGE_TOO_LARGE', reason: 'too large for a datagram', peer: '192.0.2.1', receivedAtMs: 1000 }
  for await (const found of queue.deadLetters('a')) t.match(found, { ...letter, bytes: Buffer.from('two') })
  await t.rejects(openForBrowsing(join(directory, '..', 'none')), { code: 'QUEUE_FAILED' })
  await queue.stop(deadline())

  const browsed = await openForBrowsing(directory)
  t.match(browsed.status(), { messages: 1, nextSeq: 3, cursors: { a: 2 }, deadLetters: { a: 1 } })
  t.same(browsed.ledger().sinks.a, { received: 3, delivered: 1, rejected: 1, queued: 1, dropped: {} })
  const letters = []
  for await (const found of browsed.deadLetters('a')) letters.push(found.seq)
  t.same(letters, [1])
  const waiting: string[] = []
  for await (const batch of browsed.browse(0, never)) waiting.push(...textsOf(batch))
  t.same(waiting, ['three'])
  await browsed.close()
})

t.test('over the bounds the oldest go and are counted; letters above the cursor are taken back', async (t) => {
  const db = await openLevel(join(t.testdir(), 'db'), writeBuffers.base, { createIfMissing: true })
  const limits = { count: 10, bytes: 2 ** 20 }
  const { letters } = await DeadLetters.load(db, 'a', 0, limits)
  const batch = { ...batchOf(Array.from({ length: 20 }, (_, i) => `message ${i}`)), queueId: 'id', seqs: [[0, 19]] as const }
  await db.batch(letters.add(batch, [[0, 9]], error), { sync: false })
  t.equal(letters.full, false)
  await db.batch(letters.add(batch, [[10, 11]], error), { sync: false })
  t.equal(letters.full, true)
  await db.batch(letters.evict(await letters.findSurplus(db)), { sync: false })
  t.same([letters.count, letters.evicted], [9, 3])

  const again = await DeadLetters.load(db, 'a', 11, limits)
  t.equal(again.letters.count, 8, 'message 11 is sent again')
  t.equal(again.ops.length, 2)
  await db.close()
})
