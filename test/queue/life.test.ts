import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { LevelQueue } from '../../src/queue/level-queue.ts'
import { openLevel, writeBuffers } from '../../src/queue/leveldb.ts'
import { shortDir } from '../support/short-dir.ts'
import { bulkBatch, bulkText, deadline, drain, imbalance, never, queueConfig, recordingLogger, take } from './queue-fixtures.ts'

function make(directory: string, logger = recordingLogger()): LevelQueue {
  return new LevelQueue({ directory, config: queueConfig(), minFreeDisk: 0, sinks: ['a', 'b'], pipeline: 'p' }, { logger })
}

t.test('bytes and depth are the same after a restart, and nothing once all is delivered', async (t) => {
  const directory = join(shortDir(t), 'queue')
  let queue = make(directory)
  await queue.start()
  for (let i = 0; i < 6; i++) await take(queue, bulkBatch(i * 50, 50, 500)).stored
  const whole = queue.status().bytes
  t.ok(whole > 6 * 50 * 250 && whole < 6 * 50 * 600, `${whole} bytes`)
  const lease = await queue.reader('a').lease(1, never)
  await lease?.settle([[0, 9]], [])
  await drain(queue, 'b')
  t.equal(queue.status().bytes, whole, 'a batch counts until its last message is settled')
  const { bytes, messages, nextSeq, cursors } = queue.status()
  await queue.stop(deadline())
  queue = make(directory)
  await queue.start()
  t.match(queue.status(), { bytes, messages, nextSeq, cursors })
  t.same(imbalance(queue.ledger()), [])
  const again = await queue.reader('a').lease(1, never)
  t.equal(again?.batch.ends.length, 40)
  await again?.settle(again.batch.seqs, [])
  t.ok(Math.abs(queue.status().bytes - (whole * 5) / 6) < whole / 60, `${queue.status().bytes} of ${whole}`)
  await drain(queue, 'a')
  t.equal(queue.status().bytes, 0)
  await queue.stop(deadline())
})

/** Puts all that a queue has into one store, as it was before there were segments. */
async function intoOneStore(directory: string): Promise<void> {
  const row = join(directory, 'segments')
  const base = await openLevel(directory, writeBuffers.base, { createIfMissing: false })
  for (const name of readdirSync(row).sort()) {
    const segment = await openLevel(join(row, name), writeBuffers.segment, { createIfMissing: false })
    for await (const [key, value] of segment.iterator({ gte: Buffer.of(0), lt: Buffer.of(0xff), fillCache: false }))
      await base.batch([{ type: 'put', key, value }], { sync: false })
    await segment.close()
  }
  await base.close()
  rmSync(row, { recursive: true })
}

t.test('a queue that an older version left in one store is taken over', async (t) => {
  const directory = join(shortDir(t), 'queue')
  let queue = make(directory)
  await queue.start()
  for (let i = 0; i < 6; i++) await take(queue, bulkBatch(i * 50, 50, 500)).stored
  await drain(queue, 'b')
  const { bytes, messages, nextSeq, cursors, queueId } = queue.status()
  await queue.stop(deadline())
  await intoOneStore(directory)
  queue = make(directory)
  await queue.start()
  t.match(queue.status(), { bytes, messages, nextSeq, cursors, queueId })
  await take(queue, bulkBatch(300, 50, 500)).stored
  await queue.stop(deadline())
  queue = make(directory)
  await queue.start()
  t.same(
    await drain(queue, 'a'),
    Array.from({ length: 350 }, (_, i) => bulkText(i, 500)),
    'the old ones first',
  )
  t.same((await drain(queue, 'b')).length, 50)
  t.same(imbalance(queue.ledger()), [])
  await queue.stop(deadline())
})

t.test('drops before the start are in the books; after the stop the log has them', async (t) => {
  const logger = recordingLogger()
  const queue = make(join(shortDir(t), 'queue'), logger)
  queue.drop('kernel', 'udp', 3)
  queue.drop('kernel', 'udp', 4)
  queue.drop('too_long', 'tcp', 1)
  await queue.start()
  t.same(queue.ledger().dropped, { kernel: 7, too_long: 1 })
  t.same(queue.ledger().received, { udp: 7, tcp: 1, tls: 0 })
  await queue.stop(deadline())
  t.same(logger.lines, [])
  queue.drop('stopping', 'tcp', 2)
  t.match(logger.lines, [{ level: 'error', reason: 'stopping', transport: 'tcp', messages: 2 }])
})

t.test('a queue that was stopped does not start; one stopped while it opens lets go of its store', async (t) => {
  const directory = join(shortDir(t), 'queue')
  const early = make(directory)
  const starting = early.start()
  await early.stop(AbortSignal.abort())
  await t.rejects(starting, { code: 'QUEUE_CLOSED' })
  await t.rejects(early.start(), { code: 'QUEUE_CLOSED' })
  const stopped = make(directory)
  await stopped.stop(deadline())
  await t.rejects(stopped.start(), { code: 'QUEUE_CLOSED' })
  const next = make(directory)
  await next.start()
  t.equal(next.status().condition, 'open')
  await next.stop(deadline())
})
