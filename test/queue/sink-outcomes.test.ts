import { join } from 'node:path'
import t from 'tap'
import { RelayError } from '../../src/core/errors.ts'
import { ConditionBoard } from '../../src/queue/condition-board.ts'
import { countDeadLetters, DeadLetters, readDeadLetters } from '../../src/queue/dead-letters.ts'
import { type Op, openLevel, type Store, writeBuffers } from '../../src/queue/leveldb.ts'
import { newCursor, SinkCursor } from '../../src/queue/sink-cursor.ts'
import { SinkOutcomes } from '../../src/queue/sink-outcomes.ts'
import { batchOf, recordingLogger } from './queue-fixtures.ts'

const error = new RelayError('MESSAGE_TOO_LARGE', 'too large')

t.test('many settles over the bounds of the dead letters delete each letter once', async (t) => {
  const db = await openLevel(join(t.testdir(), 'db'), writeBuffers.base, { createIfMissing: true })
  const { letters } = await DeadLetters.load(db, 'a', 0, { count: 10, bytes: 2 ** 20 })
  const logger = recordingLogger()
  const write = (ops: readonly Op[]) => db.batch([...ops], { sync: false })
  const outcomes = new SinkOutcomes({
    keeper: { use: (work) => work(db as Store) },
    board: new ConditionBoard(),
    logger,
    letters: new Map([['a', letters]]),
    moved: (_cursor, ops) => write(ops),
    write,
  })
  const batch = { ...batchOf(Array.from({ length: 30 }, (_, i) => `message ${i}`)), queueId: 'id', seqs: [[0, 29]] as const }
  const cursor = new SinkCursor('a', newCursor(0, 0, {}))
  const settles = Array.from({ length: 15 }, (_, i) => outcomes.settled(cursor, batch, [{ seqs: [i * 2, i * 2 + 1], error }]))
  await Promise.all(settles)
  await outcomes.idle()
  t.equal(letters.count + letters.evicted, 30)
  t.ok(letters.count <= 10)
  const held: number[] = []
  for await (const letter of readDeadLetters(db, 'a', 0)) held.push(letter.seq)
  t.same(
    held,
    Array.from({ length: letters.count }, (_, i) => 30 - letters.count + i),
    'the newest are kept',
  )
  t.equal(await countDeadLetters(db, 'a'), letters.count, 'the count on disk is the same')
  t.equal(
    logger.lines.reduce((sum, { messages }) => sum + Number(messages), 0),
    letters.evicted,
  )
  await db.close()
})

t.test('dead letters that come while the oldest are being deleted are within the bound in the end', async (t) => {
  const db = await openLevel(join(t.testdir(), 'db'), writeBuffers.base, { createIfMissing: true })
  t.teardown(() => db.close())
  const { letters } = await DeadLetters.load(db, 'a', 0, { count: 10, bytes: 2 ** 20 })
  const write = (ops: readonly Op[]) => db.batch([...ops], { sync: false })
  const deleting = Promise.withResolvers<void>()
  const more = Promise.withResolvers<void>()
  const outcomes = new SinkOutcomes({
    keeper: { use: (work) => work(db as Store) },
    board: new ConditionBoard(),
    logger: recordingLogger(),
    letters: new Map([['a', letters]]),
    moved: (_cursor, ops) => write(ops),
    write: async (ops) => {
      deleting.resolve()
      await more.promise
      await write(ops)
    },
  })
  const batch = { ...batchOf(Array.from({ length: 40 }, (_, i) => `message ${i}`)), queueId: 'id', seqs: [[0, 39]] as const }
  const cursor = new SinkCursor('a', newCursor(0, 0, {}))
  await outcomes.settled(cursor, batch, [{ seqs: [0, 19], error }])
  await deleting.promise
  await outcomes.settled(cursor, batch, [{ seqs: [20, 39], error }])
  more.resolve()
  await outcomes.idle()
  t.ok(letters.count <= 10)
  t.equal(await countDeadLetters(db, 'a'), letters.count)
})

t.test('what was found damaged adds up', async (t) => {
  const board = new ConditionBoard()
  board.set('closed', false)
  const nothing = async () => undefined
  const outcomes = new SinkOutcomes({
    keeper: { use: async () => undefined },
    board,
    logger: recordingLogger(),
    letters: new Map(),
    moved: nothing,
    write: nothing,
  })
  board.note('repaired', 'the queue was repaired')
  const [a, b] = ['a', 'b'].map((sink) => new SinkCursor(sink, newCursor(0, 0, {})))
  if (a === undefined || b === undefined) throw new Error('no cursors')
  outcomes.damaged(a, 3)
  outcomes.damaged(b, 1)
  outcomes.damaged(a, 4)
  t.equal(board.status().detail, 'the queue was repaired; found damaged or gone: 7 messages for a, 1 messages for b')
})
