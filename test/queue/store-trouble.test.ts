import { cpSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { LevelQueue } from '../../src/queue/level-queue.ts'
import { shortDir } from '../support/short-dir.ts'
import { FailingLevel, levelError } from './failing-level.ts'
import {
  accountedFor,
  batchOf,
  bulkBatch,
  deadline,
  drain,
  imbalance,
  never,
  queueConfig,
  recordingLogger,
  startAfter,
  take,
  textsOf,
} from './queue-fixtures.ts'

interface Made {
  readonly queue: LevelQueue
  readonly conditions: string[]
  readonly logger: ReturnType<typeof recordingLogger>
}

function make(directory: string, level = new FailingLevel(), sinks: readonly string[] = ['a']): Made {
  const logger = recordingLogger()
  const queue = new LevelQueue({ directory, config: queueConfig(), minFreeDisk: 0, sinks, pipeline: 'p' }, { logger, level })
  const conditions: string[] = []
  queue.onCondition((condition) => conditions.push(condition))
  return { queue, conditions, logger }
}

/** The queue's own timers keep no process alive. */
function stayAlive(t: Test): void {
  const timer = setInterval(() => undefined, 1000)
  t.teardown(() => clearInterval(timer))
}

async function filled(directory: string): Promise<void> {
  const { queue } = make(directory)
  await queue.start()
  await take(queue, batchOf(['one', 'two', 'three'])).stored
  const lease = await queue.reader('a').lease(1000, never)
  await lease?.settle([[0, 0]], [])
  await queue.stop(deadline())
}

function asides(directory: string): string[] {
  return readdirSync(join(directory, '..')).filter((name) => name.includes('.damaged-'))
}

async function worksAnew(t: Test, { queue, logger }: Made, directory: string): Promise<void> {
  t.same(queue.ledger().sinks.a, { received: 3, delivered: 1, rejected: 0, queued: 0, dropped: { damaged: 2 } })
  t.match(queue.status().detail, /set aside/)
  t.match(logger.lines, [{ level: 'error', code: 'QUEUE_DAMAGED', lost: { a: 2 } }])
  t.equal(asides(directory).length, 1)
  await take(queue, batchOf(['four'])).durable()
  t.same(await drain(queue, 'a'), ['four'])
  await queue.stop(deadline())
}

t.test('a segment that cannot be repaired is set aside, and the ledger goes on', async (t) => {
  const directory = join(shortDir(t), 'queue')
  await filled(directory)
  const segment = join(directory, 'segments', '000001')
  rmSync(join(segment, 'CURRENT'))
  mkdirSync(join(segment, '000001.dbtmp')) // where a repair writes its MANIFEST first
  const made = make(directory)
  await made.queue.start()
  const aside = join(directory, '..', asides(directory)[0] ?? '', 'segments', '000001')
  t.ok(readdirSync(aside).includes('000001.dbtmp'))
  await worksAnew(t, made, directory)
})

t.test('messages of a segment that was set aside are counted at the start, though others follow', async (t) => {
  const directory = join(shortDir(t), 'queue')
  const config = queueConfig({ max_size: 8 * 2 ** 20 })
  const small = () => new LevelQueue({ directory, config, minFreeDisk: 0, sinks: ['a'], pipeline: 'p' }, { logger: recordingLogger() })
  const queue = small()
  await queue.start()
  for (let i = 0; i < 20; i++) await take(queue, bulkBatch(i * 50, 50, 800)).stored
  await queue.stop(deadline())
  const row = join(directory, 'segments')
  const [first = 'none'] = readdirSync(row).sort()
  renameSync(join(row, first), join(row, '000001')) // as if it had not been closed yet
  rmSync(join(row, '000001', 'CURRENT'))
  mkdirSync(join(row, '000001', '000001.dbtmp'))
  const again = small()
  await again.start()
  const { received, queued, dropped } = again.ledger().sinks.a ?? { received: 0, queued: 0, dropped: {} }
  t.equal(received, 1000)
  t.ok((dropped.damaged ?? 0) > 0 && queued === 1000 - (dropped.damaged ?? 0), JSON.stringify(again.ledger().sinks.a))
  t.same((await drain(again, 'a')).length, queued)
  await again.stop(deadline())
})

t.test('what lies beside the segments cannot be repaired: no batch is lost with it', async (t) => {
  const directory = join(shortDir(t), 'queue')
  await filled(directory)
  rmSync(join(directory, 'CURRENT'))
  mkdirSync(join(directory, '000001.dbtmp'))
  const { queue, logger } = make(directory)
  await queue.start()
  t.ok(readdirSync(join(directory, '..', asides(directory)[0] ?? '')).includes('000001.dbtmp'))
  t.match(logger.lines, [{ level: 'error', code: 'QUEUE_DAMAGED', lost: {} }])
  t.same(await drain(queue, 'a'), ['two', 'three'])
  await queue.stop(deadline())
})

t.test('damage that shows only in the records is repaired, and set aside when the repair did not help', async (t) => {
  for (const damagedOpens of [1, 2]) {
    for (const where of ['queue', 'segment']) {
      const directory = join(shortDir(t), `${where}-${damagedOpens}`)
      await filled(directory)
      const level = new FailingLevel()
      level.damagedOpens = damagedOpens
      level.damages = (path) => path.includes('segments') === (where === 'segment')
      const made = make(directory, level)
      await made.queue.start()
      t.equal(level.repairs, 1)
      t.match(made.queue.status().detail, damagedOpens === 1 ? /repaired \(.*Corruption/ : /set aside \(.*Corruption/)
      if (where === 'segment' && damagedOpens === 2) await worksAnew(t, made, directory)
      else {
        t.same(await drain(made.queue, 'a'), ['two', 'three'])
        await made.queue.stop(deadline())
      }
    }
  }
})

for (const { what, message, condition, code } of [
  { what: 'a write error', message: 'IO error: 000007.log: Input/output error', condition: 'failed', code: 'QUEUE_FAILED' },
  { what: 'a disk that is full', message: 'IO error: 000007.log: No space left on device', condition: 'disk_full', code: 'DISK_FULL' },
]) {
  t.test(`${what} with batches pending and leases out: nothing is lost, nothing comes twice`, async (t) => {
    stayAlive(t)
    const directory = join(shortDir(t), 'queue')
    const level = new FailingLevel()
    const { queue, conditions, logger } = make(directory, level, ['a', 'b'])
    await queue.start()
    await take(queue, batchOf(['one'])).stored
    const first = await queue.reader('a').lease(1, never)
    await take(queue, batchOf(['two'])).stored
    const second = await queue.reader('a').lease(1, never)
    conditions.length = 0
    level.writeError = levelError(message)
    const failed = level.failure()
    const pending = Array.from({ length: 20 }, (_, i) => take(queue, batchOf([`pending ${i}`])))
    await failed
    const settled = first?.settle([[0, 0]], [])
    second?.release()
    queue.drop('kernel', 'udp', 5)
    t.same(imbalance(queue.ledger()), [])
    while (queue.status().condition === 'open') await new Promise((resolve) => setImmediate(resolve))
    t.match(queue.status(), { condition, detail: /IO error/ })
    t.equal(queue.append(batchOf(['refused'])), 'full')
    level.writeError = undefined
    await queue.room(never)
    await Promise.all(pending.map(({ stored }) => stored))
    await settled
    first?.release()
    t.same(conditions, [condition, 'open'])
    t.match(
      logger.lines.filter(({ level }) => level === 'error'),
      [{ code }],
    )
    const texts = pending.map((_, i) => `pending ${i}`)
    t.same(await drain(queue, 'a'), ['two', ...texts])
    const ledger = queue.ledger()
    await queue.stop(deadline())
    const again = make(directory, undefined, ['a', 'b'])
    await again.queue.start()
    t.same(again.queue.ledger(), ledger)
    t.same(again.queue.ledger().sinks.a, { received: 27, delivered: 22, rejected: 0, queued: 0, dropped: { kernel: 5 } })
    t.same(await drain(again.queue, 'b'), ['one', 'two', ...texts])
    await again.queue.stop(deadline())
  })
}

t.test('a kill between a recovery and the write that is done again: what was never stored is not called damaged', async (t) => {
  stayAlive(t)
  const directory = join(shortDir(t), 'queue')
  const level = new FailingLevel()
  const { queue } = make(directory, level)
  await queue.start()
  await take(queue, batchOf(['stored'])).stored
  level.writeError = levelError('IO error: 000007.log: Input/output error')
  level.fails = (operations) => operations.some(({ key }) => key[0] === 'b'.charCodeAt(0))
  const { stored } = take(queue, batchOf(['never stored']))
  await level.failure()
  await level.failure()
  const killed = join(directory, '..', 'killed')
  cpSync(directory, killed, { recursive: true })
  const again = make(killed)
  await again.queue.start()
  t.same(again.queue.ledger().sinks.a, { received: 1, delivered: 0, rejected: 0, queued: 1, dropped: {} })
  t.notOk(again.queue.status().detail)
  t.same(await drain(again.queue, 'a'), ['stored'])
  await again.queue.stop(deadline())
  level.writeError = undefined
  await stored
  await queue.stop(deadline())
})

t.test('a stop at its deadline counts what could not be stored, and ends every wait', async (t) => {
  stayAlive(t)
  const directory = join(shortDir(t), 'queue')
  const level = new FailingLevel()
  const { queue, logger } = make(directory, level)
  await queue.start()
  await take(queue, batchOf(['one'])).stored
  const lease = await queue.reader('a').lease(1000, never)
  const waiting = queue.reader('a').lease(1000, never)
  level.writeError = levelError('IO error: No space left on device')
  for (let i = 0; i < 3; i++) take(queue, bulkBatch(i * 10, 10, 100))
  await level.failure()
  const settled = lease?.settle([[0, 0]], [])
  await queue.stop(AbortSignal.timeout(50))
  await settled
  t.equal(await waiting, undefined)
  const books = { received: 31, delivered: 1, rejected: 0, queued: 0, dropped: { stopping: 30 } }
  t.same(queue.ledger().sinks.a, books)
  t.match(logger.lines, [{ code: 'DISK_FULL' }, { code: 'QUEUE_FAILED', messages: 30 }])
  const again = await startAfter(() => make(directory).queue)
  t.same(again.ledger().sinks.a, books, 'the watermark carries what the store could not')
  t.equal(accountedFor(books), 31)
  await again.stop(deadline())
})

t.test('a batch that was read but never leased comes back in the order of its number', async (t) => {
  const { queue } = make(join(shortDir(t), 'queue'))
  await queue.start()
  const abort = new AbortController()
  const waiting = queue.reader('a').lease(1000, abort.signal)
  const stored = take(queue, batchOf(['one', 'two'])).stored
  abort.abort()
  t.equal(await waiting, undefined)
  await stored
  const lease = await queue.reader('a').lease(1000, never)
  t.same(textsOf(lease?.batch ?? batchOf(['none'])), ['one', 'two'])
  await queue.stop(deadline())
})
