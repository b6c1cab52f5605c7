import { join } from 'node:path'
import t from 'tap'
import { sourceLetters } from '../../../src/core/dead-letter.ts'
import { encodeLetter } from '../../../src/queue/dead-letters/letter-codec.ts'
import type { LetterLimits } from '../../../src/queue/dead-letters/sink-letters.ts'
import { deadLetterKey } from '../../../src/queue/keys.ts'
import { LevelQueue } from '../../../src/queue/level-queue.ts'
import { type LevelTools, openLevel, writeBuffers } from '../../../src/queue/leveldb.ts'
import { openForBrowsing } from '../../../src/queue/open-for-browsing.ts'
import { encodeRecord } from '../../../src/queue/records.ts'
import { shortDir } from '../../support/short-dir.ts'
import { FailingLevel, levelError } from '../failing-level.ts'
import { batchOf, deadline, never, origin, queueConfig, recordingLogger, startAfter, take, textsOf } from '../queue-fixtures.ts'
import { lettersOf, rejectAll, seqsOf } from './letter-fixtures.ts'

const limits = { a: { count: 3, bytes: 2 ** 20 } }

interface QueueOptions {
  readonly level?: LevelTools
  readonly sinks?: string[]
  readonly deadLetterLimits?: Record<string, LetterLimits>
}

function queueOn(directory: string, { level, sinks = ['a'], deadLetterLimits = {} }: QueueOptions = {}) {
  const settings = { directory, config: queueConfig(), minFreeDisk: 0, sinks, pipeline: 'p', deadLetterLimits }
  return new LevelQueue(settings, { logger: recordingLogger(), ...(level && { level }) })
}

const letter = { code: 'OBJECT_UNREADABLE', reason: 'no gzip', origin, bytes: Buffer.from('{}') } as const

t.test('without a relay letters can be read as well, with the ledger that counts them', async (t) => {
  const directory = join(shortDir(t), 'queue')
  const queue = queueOn(directory, { sinks: ['a', 'gone'] })
  await queue.start()
  await take(queue, batchOf(['one', 'two', 'three'])).stored
  await rejectAll(queue, 'gone', [0])
  const lease = await queue.reader('a').lease(1000, never)
  await lease?.settle([[0, 0]], [{ seqs: [1, 1], error: new Error('no') as never }])
  await queue.deadLetter(letter)
  await queue.stop(deadline())
  const later = queueOn(directory)
  await later.start()
  later.adopt()
  await later.stop(deadline())

  await t.rejects(openForBrowsing(join(directory, '..', 'none')), { code: 'QUEUE_FAILED' })
  const browsed = await openForBrowsing(directory)
  t.match(browsed.status(), { messages: 1, nextSeq: 3, cursors: { a: 2 }, deadLetters: { a: 1, gone: 1, [sourceLetters]: 1 } })
  t.same(browsed.ledger().sinks.a, { received: 3, delivered: 1, rejected: 1, queued: 1, dropped: {} })
  for (const [sink, seq] of [
    ['a', 1],
    ['gone', 0],
    [sourceLetters, 0],
  ] as const)
    t.same(await seqsOf(browsed.deadLetters, sink), [seq])
  t.same(await lettersOf(browsed.deadLetters, 'a', 2), [])
  const waiting: string[] = []
  for await (const batch of browsed.browse(0, never)) waiting.push(...textsOf(batch))
  t.same(waiting, ['three'])
  await browsed.close()
})

t.test('limits are those of the configuration, narrower ones from the next start on', async (t) => {
  const directory = join(shortDir(t), 'queue')
  const texts = Array.from({ length: 12 }, (_, i) => `message ${i}`)
  const queue = queueOn(directory)
  await queue.start()
  await take(queue, batchOf(texts)).stored
  await rejectAll(
    queue,
    'a',
    texts.map((_, i) => i),
  )
  t.equal((await lettersOf(queue.deadLetters, 'a')).length, 12)
  await queue.stop(deadline())
  const narrow = queueOn(directory, { deadLetterLimits: limits })
  await narrow.start()
  await narrow.stop(deadline())
  const browsed = await openForBrowsing(directory)
  t.same(await seqsOf(browsed.deadLetters, 'a'), [10, 11])
  t.match(browsed.deadLetters.held(), [{ sink: 'a', messages: 2, evicted: 10 }])
  await browsed.close()
})

t.test('letters of older versions, damaged ones and those without a count', async (t) => {
  const directory = join(shortDir(t), 'queue')
  const queue = queueOn(directory)
  await queue.start()
  await take(queue, batchOf(['one', 'two', 'three', 'four'])).stored
  await rejectAll(queue, 'a', [0])
  const { queueId } = queue.status()
  await queue.stop(deadline())
  const db = await openLevel(directory, writeBuffers.base, { createIfMissing: false })
  const old = {
    seq: 1,
    sink: 'a',
    code: 'INTERNAL',
    reason: 'why',
    rejectedAtMs: 5,
    receivedAtMs: 4,
    peer: '192.0.2.9',
    transport: 'udp',
    flags: 1,
    bytes: 'dHdv',
  }
  const damaged = encodeRecord({ ...old, seq: 2 })
  damaged[7] = (damaged[7] ?? 0) ^ 1
  const message = { bytes: Buffer.from('x'), flags: 0, origin, receivedAtMs: 0 }
  await db.batch(
    [
      { type: 'put', key: deadLetterKey('a', 1), value: encodeRecord(old) },
      { type: 'put', key: deadLetterKey('a', 2), value: damaged },
      {
        type: 'put',
        key: deadLetterKey('ancient', 9),
        value: encodeLetter({ seq: 9, sink: 'ancient', queueId: 'q', code: 'INTERNAL', reason: 'r', rejectedAtMs: 0, message }),
      },
    ],
    { sync: true },
  )
  await db.close()

  const again = queueOn(directory)
  await again.start()
  t.teardown(() => again.stop(deadline()))
  const [, second, ...more] = await lettersOf(again.deadLetters, 'a')
  t.same(more, [])
  t.match(second, { seq: 1, queueId, origin: { peer: '192.0.2.9', port: 0, transport: 'udp' }, flags: 1, bytes: Buffer.from('two') })
  t.same(again.status().deadLetters, { a: 1, ancient: 1 })
  t.equal(await again.deadLetters.settle('ancient', [[0, Number.MAX_SAFE_INTEGER]], 'deleted'), 1)
  t.same(again.status().deadLetters, { a: 1 })
  t.equal(await again.deadLetters.settle('a', [[0, 3]], 'deleted'), 3, 'damaged ones can be deleted')
})

t.test('a letter of the source and the checkpoint that passes it are one write, whatever the kill', async (t) => {
  const directory = join(shortDir(t), 'queue')
  const level = new FailingLevel()
  const queue = queueOn(directory, { level })
  await queue.start()
  await queue.deadLetter(letter, { key: 'k', value: Buffer.from('1') })
  level.writeError = levelError('IO error')
  level.fails = (ops) => ops.some(({ key }) => key.toString().startsWith('k'))
  const failed = level.failure()
  void queue.deadLetter({ ...letter, reason: 'the second' }, { key: 'k', value: Buffer.from('2') })
  await failed
  await queue.stop(AbortSignal.abort())

  const again = await startAfter(() => queueOn(directory))
  t.teardown(() => again.stop(deadline()))
  t.same(await again.checkpoint('k'), Buffer.from('1'))
  t.same(await seqsOf(again.deadLetters, sourceLetters), [0], 'the second is read again')
  await again.deadLetter({ ...letter, reason: 'the second again' }, { key: 'k', value: Buffer.from('2') })
  t.match(await lettersOf(again.deadLetters, sourceLetters), [{ seq: 0 }, { seq: 2, reason: 'the second again' }])
})

t.test('a checkpoint without a batch comes to the disk behind the messages it passes', async (t) => {
  for (const durability of ['always', 'assisted'] as const) {
    const level = new FailingLevel()
    const written: string[] = []
    level.fails = (ops) => {
      for (const { key } of ops) if ('bkd'.includes(key.toString('latin1', 0, 1))) written.push(key.toString('latin1', 0, 1))
      return false
    }
    level.writeError = levelError('IO error')
    const directory = join(shortDir(t), durability)
    const settings = { directory, config: queueConfig({ durability }), minFreeDisk: 0, sinks: ['a'], pipeline: 'p' }
    const queue = new LevelQueue(settings, { logger: recordingLogger(), level })
    await queue.start()
    t.teardown(() => queue.stop(deadline()))
    void take(queue, batchOf(['x'.repeat(500_000)])) // compressing it takes a while
    await queue.deadLetter(letter, { key: 'k', value: Buffer.from('1') })
    t.same(written, ['b', 'd', 'k'], durability)
  }
})
