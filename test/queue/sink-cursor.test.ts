import { test } from 'tap'
import { ReadAhead } from '../../src/queue/read-ahead.ts'
import { type Extent, newCursor, SinkCursor } from '../../src/queue/sink-cursor.ts'

const oldest: Extent = { first: 0, end: 10, position: 0, bytes: 100 }
const deleted: Extent = { first: 10, end: 50, position: 100, bytes: 400 }
const newest: Extent = { first: 50, end: 60, position: 500, bytes: 100 }

/** As after a restart: a lease was out on the oldest batch, and what is behind it was dropped. */
function restarted(): SinkCursor {
  return new SinkCursor('a', { ...newCursor(0, 0, {}), deleted: [deleted] })
}

test('what was deleted behind a lease waits for nobody, once the lease is settled after a restart too', async (t) => {
  const cursor = restarted()
  t.equal(cursor.waitingBytes(600), 200, 'the oldest and the newest')
  cursor.enter(oldest)
  cursor.settle([0, 9], 'delivered')
  t.match(cursor.record, { seq: 50, batch: 50, position: 500, delivered: 10, dropped: { oldest: 40 }, deleted: [] })
  t.equal(cursor.waitingBytes(600), 100, 'the newest')
  cursor.enter(newest)
  cursor.settle([50, 59], 'delivered')
  t.match(cursor.record, { seq: 60, batch: 60, position: 600, delivered: 20 })
})

test('reading goes on behind what the cursor has passed, though the store may still have it', async (t) => {
  const cursor = restarted()
  const asked: number[] = []
  const ahead = new ReadAhead(cursor, {
    readableEnd: 60,
    fetch: async (from) => {
      asked.push(from)
      return [oldest, { ...deleted, end: 20, bytes: 100 }, newest].filter(({ first }) => first >= from).map((extent) => ({ extent }))
    },
  })
  const [first, ...rest] = (await ahead.fetch(1)) ?? []
  t.same(first?.extent, oldest)
  ahead.reach(oldest)
  ahead.keep(rest)
  cursor.settle([0, 9], 'delivered')
  t.same((await ahead.fetch(1))?.[0]?.extent, newest)
  t.same([asked, ahead.next, ahead.position], [[0, 50], 50, 500])
})

const extent = (i: number): Extent => ({ first: i * 10, end: i * 10 + 10, position: i * 100, bytes: 100 })

test('batches that are dropped in any order are deleted in order, so that a restart passes them all', async (t) => {
  const cursor = new SinkCursor('a', newCursor(0, 0, {}))
  for (let i = 0; i < 6; i++) cursor.enter(extent(i))
  for (const i of [2, 4, 1, 3]) cursor.drop(extent(i))
  t.same(cursor.record.deleted, [{ first: 10, end: 50, position: 100, bytes: 400 }])
  const again = new SinkCursor('a', cursor.record)
  again.enter(extent(0))
  again.settle([0, 9], 'delivered')
  t.match(again.record, { seq: 50, batch: 50, position: 500, deleted: [] })
  t.equal(again.waitingBytes(600), 100)
})

test('what passes a dead letter is sure once a write has it; what was delivered before it is sure at once', async (t) => {
  const cursor = new SinkCursor('a', newCursor(0, 0, {}))
  for (let i = 0; i < 4; i++) cursor.enter(extent(i))
  cursor.settle([0, 9], 'delivered')
  t.equal(cursor.sure, cursor.record)
  const delivered = cursor.record
  cursor.settle([10, 14], 'rejected')
  const first = cursor.record
  cursor.settle([15, 19], 'delivered')
  t.equal(cursor.sure, delivered)
  cursor.written(delivered)
  t.equal(cursor.sure, delivered, 'a write that began before')
  cursor.settle([20, 24], 'rejected')
  cursor.written(first)
  t.equal(cursor.sure, first, 'another letter is on its way')
  cursor.written(cursor.record)
  cursor.settle([25, 29], 'delivered')
  t.match(cursor.sure, { seq: 30, batch: 30, delivered: 20, rejected: 10 })
})
