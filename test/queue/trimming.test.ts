import { test } from 'tap'
import { noIntake } from '../../src/queue/intake-totals.ts'
import { QueueBooks } from '../../src/queue/queue-books.ts'
import { newCursor, SinkCursor } from '../../src/queue/sink-cursor.ts'
import { Trimming } from '../../src/queue/trimming.ts'
import { recordingLogger } from './queue-fixtures.ts'

test('what was delivered behind a lease is deleted once the cursor on disk says so', async (t) => {
  const cursor = new SinkCursor('a', newCursor(0, 0, {}))
  const extents = [0, 1, 2, 3].map((i) => ({ first: i * 10, end: i * 10 + 10, position: i * 100, bytes: 100 }))
  for (const extent of extents) cursor.enter(extent)
  cursor.settle([10, 29], 'delivered')
  const head = { nextSeq: 40, position: 400, intake: noIntake }
  const books = new QueueBooks({ queueId: 'q', head, cursors: new Map(), newest: 30, gone: [], ops: [] }, [cursor])
  const log: unknown[] = []
  const logger = recordingLogger()
  const free = extents.slice(1, 3)
  const dropOldest = async () => {
    const [extent] = free.splice(0, 1)
    return extent && cursor.drop(extent)
  }
  const trimming = new Trimming({
    maxBytes: 300,
    books,
    readers: () => [{ cursor, dropOldest }],
    logger,
    moved: async ({ record }) => void log.push(record.deleted.map(({ first, end }) => [first, end])),
    remove: async (ranges) => void log.push(...ranges),
  })
  trimming.consider()
  await trimming.stop()
  t.same(log, [[[10, 30]], [10, 29]])
  t.same(logger.lines, [], 'nothing was dropped')
})
