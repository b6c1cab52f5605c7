import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { cursorKey } from '../../src/queue/keys.ts'
import { LevelQueue } from '../../src/queue/level-queue.ts'
import { type LevelTools, type Op, openLevel, repairLevel } from '../../src/queue/leveldb.ts'
import { shortDir } from '../support/short-dir.ts'
import { bulkBatch, deadline, never, queueConfig, recordingLogger, take } from './queue-fixtures.ts'

/** LevelDB whose writes take as long as is wanted. */
class SlowLevel implements LevelTools {
  readonly repair = repairLevel
  slow: PromiseWithResolvers<void> | undefined
  /** Writes that wait. */
  waiting = 0
  readonly written: (readonly Op[])[] = []

  async open(...args: Parameters<LevelTools['open']>): ReturnType<LevelTools['open']> {
    const db = await openLevel(...args)
    return {
      get: (key, options) => db.get(key, options),
      batch: async (operations, options) => {
        this.waiting++
        await this.slow?.promise
        this.waiting--
        await db.batch(operations, options)
        this.written.push(operations)
      },
      clear: (range) => db.clear(range),
      compactRange: (start, end) => db.compactRange(start, end),
      iterator: (options) => db.iterator(options),
      close: () => db.close(),
    }
  }
}

t.test('assisted: no segment is removed before the cursors that passed it are written, however long a write takes', async (t) => {
  const timer = setInterval(() => undefined, 1000) // the queue's own timers keep no process alive
  t.teardown(() => clearInterval(timer))
  const directory = join(shortDir(t), 'queue')
  const level = new SlowLevel()
  const config = queueConfig({ durability: 'assisted', max_size: 2 ** 20 })
  const queue = new LevelQueue({ directory, config, minFreeDisk: 0, sinks: ['a'], pipeline: 'p' }, { logger: recordingLogger(), level })
  await queue.start()
  await take(queue, bulkBatch(0, 600, 1000)).durable() // as much as a segment takes
  await take(queue, bulkBatch(600, 1, 1000)).durable()
  const [oldest = 'none'] = readdirSync(join(directory, 'segments')).sort()
  const first = await queue.reader('a').lease(1, never)
  const second = await queue.reader('a').lease(1, never)
  await second?.settle([[600, 600]], [])
  level.slow = Promise.withResolvers()
  queue.drop('kernel', 'udp', 1)
  while (level.waiting === 0) await delay(3) // the next tick writes it
  await first?.settle([[0, 599]], [])
  while (!readFileSync(join(directory, 'watermark.json'), 'utf8').includes('"seq":601')) await delay(3) // the tick after that
  level.written.length = 0
  level.slow.resolve()
  while (readdirSync(join(directory, 'segments')).includes(oldest)) await delay(3)
  const cursors = level.written.flat().filter(({ key }) => key.equals(cursorKey('a')))
  t.ok(cursors.some((op) => op.type === 'put' && op.value.includes('"seq":601')))
  await queue.stop(deadline())
})
