import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { batchesEnd, batchKey, cursorKey } from '../../../src/queue/keys.ts'
import { type Op, openLevel, writeBuffers } from '../../../src/queue/leveldb.ts'
import { BatchLog } from '../../../src/queue/segments/batch-log.ts'
import { shortDir } from '../../support/short-dir.ts'

const all = { gte: batchKey(0), lt: batchesEnd, fillCache: false }

/** A store as a segment is closed: batches of many sizes, over many blocks of the log, with cursors between. */
async function closedSegment(t: Test) {
  const directory = join(shortDir(t), 'segment')
  const db = await openLevel(directory, writeBuffers.segment, { createIfMissing: true })
  for (let i = 0; i < 40; i++) {
    const ops: Op[] = [0, 1, 2].map((j) => ({ type: 'put', key: batchKey(i * 10 + j), value: Buffer.alloc((i * 977 + j) % 50_000, i) }))
    ops.push({ type: 'put', key: cursorKey('sink'), value: Buffer.from(`${i}`) }, { type: 'del', key: cursorKey('other') })
    await db.batch(ops, { sync: false })
  }
  const entries: [Buffer, Buffer][] = []
  for await (const entry of db.iterator(all)) entries.push(entry)
  await db.close()
  const log = join(directory, readdirSync(directory).find((name) => name.endsWith('.log')) ?? 'none')
  return { directory, entries, log }
}

t.test('the batches are those that LevelDB finds, in any range and direction', async (t) => {
  const { directory, entries } = await closedSegment(t)
  const log = await BatchLog.read(directory)
  if (log === undefined) throw new Error('it cannot be read')
  t.equal(entries.length, 120)
  t.same(await log.iterator(all).nextv(1000), entries)
  t.same([log.first, log.last], [entries[0]?.[0], entries.at(-1)?.[0]])
  const some = log.iterator({ ...all, gte: batchKey(12), lt: batchKey(31), reverse: true, limit: 3 })
  const found: Buffer[] = []
  for await (const [key] of some) found.push(key)
  t.same(found, [30, 22, 21].map(batchKey))
  await some.close()
  log.close()
})

t.test('where there is any doubt, it is left to LevelDB', async (t) => {
  const { directory, log } = await closedSegment(t)
  const bytes = readFileSync(log)
  truncateSync(log, bytes.length - 3)
  t.equal(await BatchLog.read(directory), undefined, 'cut')
  for (const [at, what] of [
    [5, 'the length of a piece'],
    [6, 'its type'],
    [20, 'the length of a key'],
  ] as const) {
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] ?? 0) ^ 0x40
    writeFileSync(log, changed)
    t.equal(await BatchLog.read(directory), undefined, what)
  }
  writeFileSync(log, bytes)
  t.ok(await BatchLog.read(directory))
  writeFileSync(join(directory, '000005.ldb'), '')
  t.equal(await BatchLog.read(directory), undefined, 'a table')
})
