import { join } from 'node:path'
import t from 'tap'
import { packBatch, sealBatch } from '../../src/batch/batch-codec.ts'
import { zstd } from '../../src/native/zstd.ts'
import { noIntake } from '../../src/queue/intake-totals.ts'
import { batchKey } from '../../src/queue/keys.ts'
import { openLevel, writeBuffers } from '../../src/queue/leveldb.ts'
import { RecentBatches } from '../../src/queue/recent-batches.ts'
import { findGaps, readBatches, storedBytes } from '../../src/queue/stored-batches.ts'
import { shortDir } from '../support/short-dir.ts'
import { batchOf } from './queue-fixtures.ts'

const perBatch = 10
const batches = 40
/** Compresses to nearly nothing. */
const text = 'x'.repeat(10_000)

t.test('reading is bounded by what the batches become in memory, and finds every gap', async (t) => {
  const db = await openLevel(join(shortDir(t), 'db'), writeBuffers.base, { createIfMissing: true })
  let position = 0
  for (let i = 0; i < batches; i++) {
    const value = sealBatch(await packBatch(batchOf(Array.from({ length: perBatch }, () => text)), zstd()), {
      firstSeq: i * perBatch,
      position,
      intake: noIntake,
    })
    position += storedBytes(value)
    if (i === 3) value[value.length - 1] = (value[value.length - 1] as number) ^ 1
    if (i !== 20) await db.batch([{ type: 'put', key: batchKey(i * perBatch), value }], { sync: false })
  }
  const head = { nextSeq: (batches + 1) * perBatch, position, intake: noIntake }
  const some = await readBatches(db, 'id', 0, head, 250_000)
  t.same(
    some.map(({ extent }) => [extent.first, extent.end]),
    [
      [0, 10],
      [10, 20],
      [20, 30],
    ],
  )
  t.match(await readBatches(db, 'id', 30, head, 1), [
    { extent: { first: 30, end: 40, bytes: 0 }, batch: undefined },
    { extent: { first: 40, end: 50 } },
  ])
  t.match(await readBatches(db, 'id', batches * perBatch, head, 1), [{ extent: { first: 400, end: 410, position }, batch: undefined }])
  t.same(await readBatches(db, 'id', head.nextSeq, head, 1), [])
  t.same(await findGaps(db, 0, head), [
    [30, 39],
    [200, 209],
    [400, 409],
  ])
  await db.close()
})

t.test('the newest batches are held for a sink close behind, and for none far behind', async (t) => {
  const recent = new RecentBatches(400)
  const add = (i: number, reached: number) => {
    const batch = { ...batchOf(['x'.repeat(100)]), queueId: 'id', seqs: [[i, i]] as const }
    recent.add({ first: i, end: i + 1, position: i * 50, bytes: 50 }, batch, reached)
  }
  const held = (from: number) => recent.from(from, 10_000).map(({ extent }) => extent.first)
  for (let i = 0; i < 6; i++) add(i, i * 50)
  t.same(held(2), [2, 3, 4, 5], 'within its bytes')
  t.same(held(0), [])
  recent.forget(4)
  t.same([held(3), held(4)], [[], [4, 5]])
  add(6, 100)
  t.same(held(4), [], 'the sink has 200 stored bytes to read before it comes here')
  add(7, 300)
  t.same(held(7), [7])
})
