import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { packBatch, sealBatch } from '../../../src/batch/batch-codec.ts'
import { zstd } from '../../../src/native/zstd.ts'
import { openStore } from '../../../src/queue/doctor/open-store.ts'
import { batchesEnd, batchKey, checkpointKey, cursorKey, cursorRange, deadLetterKey, metaKey, seqOfKey } from '../../../src/queue/keys.ts'
import type { EntryIterator, IteratorOptions, Op, Store } from '../../../src/queue/leveldb.ts'
import { shortDir } from '../../support/short-dir.ts'
import { FailingLevel } from '../failing-level.ts'
import { bulkBatch } from '../queue-fixtures.ts'

/** Batches of ten messages, which hardly compress: three make a segment. */
const batches = await Promise.all(
  Array.from({ length: 30 }, async (_, i) => {
    const intake = { received: { udp: 0, tcp: (i + 1) * 10, tls: 0 }, dropped: {} }
    return sealBatch(await packBatch(bulkBatch(i * 10, 10, 1000), zstd()), { firstSeq: i * 10, position: 0, intake })
  }),
)
const segmentBytes = 2.5 * (batches[0]?.length ?? 0)

const put = (key: Buffer, value: string | Buffer): Op => ({ type: 'put', key, value: Buffer.from(value) })
const all = { gte: batchKey(0), lt: batchesEnd, fillCache: false }

async function open(t: Test, directory = join(shortDir(t), 'queue')) {
  const { db, outcome } = await openStore(directory, segmentBytes)
  t.teardown(() => db.close().catch(() => undefined)) // closed by the test, mostly
  return { db, directory, outcome }
}

/** One batch for each ten messages, with the cursor as of then. */
async function fill(db: Store, from: number, to: number): Promise<void> {
  for (let i = from; i < to; i++) {
    const ops = [put(batchKey(i * 10), batches[i] ?? ''), put(cursorKey('sink'), `cursor ${i}`), put(metaKey, 'meta')]
    await db.batch(ops, { sync: i % 2 === 0 })
  }
}

async function keysOf(db: Store, options: Partial<IteratorOptions> = {}): Promise<number[]> {
  return await numbers(db.iterator({ ...all, ...options }))
}

async function numbers(entries: EntryIterator): Promise<number[]> {
  const found: number[] = []
  for await (const [key] of entries) found.push(seqOfKey(key) / 10)
  return found
}

const upTo = (end: number, from = 0) => Array.from({ length: end - from }, (_, i) => from + i)
const clear = (db: Store, from: number, to: number) => db.clear({ gte: batchKey(from * 10), lt: batchKey(to * 10) })

function segmentsIn(directory: string): string[] {
  return readdirSync(join(directory, 'segments')).sort()
}

/** Opening is over when LevelDB has removed the first MANIFEST. */
function isMade(segment: string): boolean {
  const names = readdirSync(segment)
  return names.includes('MANIFEST-000002') && !names.includes('MANIFEST-000001')
}

async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((resolve) => setImmediate(resolve))
}

t.test('a row of segments reads as one store, open and closed, in any direction, and after a start', async (t) => {
  const { db, directory } = await open(t)
  await fill(db, 0, 20)
  await until(() => segmentsIn(directory).filter((name) => name.includes('-')).length === 5)
  t.same(segmentsIn(directory).slice(0, 2), ['000001-0-20', '000002-30-50'])
  t.same(await keysOf(db), upTo(20))
  t.same(await keysOf(db, { reverse: true, limit: 5 }), [19, 18, 17, 16, 15])
  t.same(await keysOf(db, { gte: batchKey(50), lt: batchKey(80) }), [5, 6, 7])
  t.same(await keysOf(db, { limit: 4 }), [0, 1, 2, 3])
  t.equal(String(await db.get(cursorKey('sink'), { fillCache: false })), 'cursor 19')
  await db.close()
  const again = await open(t, directory)
  t.equal(again.outcome, 'sound')
  t.same(await keysOf(again.db), upTo(20))
  t.equal(String(await again.db.get(cursorKey('sink'), { fillCache: false })), 'cursor 19')
  await fill(again.db, 20, 30)
  t.same(await keysOf(again.db), upTo(30))
})

t.test('records go on in each new segment, so that the newest alone says where the queue stands', async (t) => {
  const { db, directory } = await open(t)
  await db.batch([put(checkpointKey('bucket'), 'there'), put(cursorKey('gone'), 'x'), put(metaKey, 'meta')], { sync: true })
  await db.batch([{ type: 'del', key: cursorKey('gone') }], { sync: true })
  await fill(db, 0, 12)
  await clear(db, 0, 11)
  await db.close()
  t.same(segmentsIn(directory).length, 1)
  const { db: again } = await open(t, directory)
  t.equal(String(await again.get(checkpointKey('bucket'), { fillCache: false })), 'there')
  t.same(
    (await again.iterator({ ...cursorRange, fillCache: false }).nextv(10)).map(([key, value]) => `${key} ${value}`),
    ['csink cursor 11'],
    'what was deleted stays so',
  )
})

t.test('a segment goes when all of its batches are cleared, also in the middle; the one that is written stays', async (t) => {
  const { db, directory } = await open(t)
  await fill(db, 0, 12) // 000001: 0-2, 000002: 3-5, 000003: 6-8, 000004: 9-11
  await clear(db, 4, 9)
  await until(() => !segmentsIn(directory).some((name) => name.includes('000003')))
  t.same(await keysOf(db), [0, 1, 2, 3, 4, 5, 9, 10, 11], 'a part is not worth a write')
  await clear(db, 0, 3)
  await clear(db, 3, 12)
  await until(() => segmentsIn(directory).length === 2)
  t.same(segmentsIn(directory), ['000004', '000005'], 'and the one that was made ahead')
})

t.test('a segment that is being read goes when the reader is done', async (t) => {
  const { db, directory } = await open(t)
  await fill(db, 0, 12)
  const reader = db.iterator(all)
  t.same(
    (await reader.nextv(1)).map(([key]) => seqOfKey(key)),
    [0],
  )
  await clear(db, 0, 9)
  await until(() => segmentsIn(directory).length === 3)
  t.match(segmentsIn(directory)[0], /^000001/)
  t.same(
    (await reader.nextv(2)).map(([key]) => seqOfKey(key)),
    [10, 20],
  )
  await reader.close()
  await until(() => segmentsIn(directory).length === 2)
})

t.test('a segment that goes while a reader comes to it is passed over', async (t) => {
  const { db } = await open(t)
  await fill(db, 0, 12)
  const reader = db.iterator(all)
  t.same(
    (await reader.nextv(3)).map(([key]) => seqOfKey(key)),
    [0, 10, 20],
  )
  await clear(db, 3, 6)
  t.same(await numbers(reader), [6, 7, 8, 9, 10, 11])
})

t.test('dead letters lie beside the segments, and outlive them', async (t) => {
  const { db, directory } = await open(t)
  await db.batch([put(deadLetterKey('sink', 5), 'letter'), put(batchKey(0), batches[0] ?? ''), put(metaKey, 'meta')], { sync: false })
  await fill(db, 1, 12)
  await clear(db, 0, 11)
  await db.close()
  const { db: again } = await open(t, directory)
  t.equal(String(await again.get(deadLetterKey('sink', 5), { fillCache: false })), 'letter')
})

t.test('what a kill leaves is read as it was written: segments under way, one made ahead, one half removed', async (t) => {
  const { db, directory } = await open(t)
  await fill(db, 0, 12) // the last one is more than half full: the next is made ahead
  await until(() => segmentsIn(directory).includes('000005') && isMade(join(directory, 'segments', '000005')))
  const killed = join(directory, '..', 'killed')
  cpSync(directory, killed, { recursive: true })
  mkdirSync(join(killed, 'segments', 'gone-000000-0-0'))
  const unfinished = join(killed, 'segments', '000006')
  cpSync(join(killed, 'segments', '000005'), unfinished, { recursive: true })
  rmSync(join(unfinished, 'CURRENT'))
  const { db: again, outcome } = await open(t, killed)
  t.equal(outcome, 'sound')
  t.same(await keysOf(again), upTo(12))
  t.notOk(segmentsIn(killed).some((name) => /gone|00000[56]/.test(name)))
})

t.test('the first write to a segment is fsynced: the segment before may be removed with the records it has', async (t) => {
  const level = new FailingLevel()
  const { db } = await openStore(join(shortDir(t), 'queue'), segmentBytes, { level })
  for (let i = 0; i < 6; i++) await db.batch([put(batchKey(i * 10), batches[i] ?? ''), put(metaKey, 'meta')], { sync: false })
  t.same(level.syncs, [true, false, false, true, false, false])
  await db.close()
})

t.test('once it is closed nobody opens a segment again', async (t) => {
  const { db } = await open(t)
  await fill(db, 0, 9)
  const reader = db.iterator(all)
  await reader.nextv(1)
  await db.close()
  const rest = async () => {
    for (let entries = await reader.nextv(1); entries.length > 0; entries = await reader.nextv(1)) t.equal(entries.length, 1)
  }
  await t.rejects(rest(), { code: /LEVEL_/ })
})

t.test('closing waits for no reader, not even in a segment that is about to go', async (t) => {
  const { db, directory } = await open(t)
  await fill(db, 0, 9)
  const reader = db.iterator(all)
  await reader.nextv(1)
  await clear(db, 0, 6)
  await db.close()
  t.notOk(segmentsIn(directory).some((name) => /00000[12]/.test(name)))
  await reader.close()
})
