import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { RelayError } from '../../src/core/errors.ts'
import type { Op } from '../../src/queue/leveldb.ts'
import { segmentBytes } from '../../src/queue/segments/segmented-store.ts'
import { StoreKeeper } from '../../src/queue/store-keeper.ts'
import { shortDir } from '../support/short-dir.ts'

const key = Buffer.from('key')
const put = (text: string): Op => ({ type: 'put', key, value: Buffer.from(text) })

/** As classic-level throws them. */
function storeError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

async function keep(t: Test, broken = false) {
  const root = shortDir(t)
  const events: string[] = []
  const keeper = new StoreKeeper(join(root, 'queue'), segmentBytes(0), {
    mistake: (error: RelayError) => void events.push(error.code),
    failed: (error: RelayError) => void events.push(error.code),
    reopened: ({ outcome }) => {
      events.push(outcome)
      if (broken) throw new TypeError('records cannot be made')
      return [{ type: 'put', key: Buffer.from('state'), value: Buffer.from('now') }]
    },
  })
  await keeper.open()
  return { keeper, events, root }
}

t.test('a read that finds damage has the store repaired, and is done again', async (t) => {
  const { keeper, events, root } = await keep(t)
  await keeper.write([put('value')], true)
  let tries = 0
  const read = keeper.use(async (db) => {
    if (tries++ === 0) throw storeError('LEVEL_CORRUPTION', 'Corruption: bad block handle')
    return db.get(key, { fillCache: false })
  })
  const written = keeper.write([put('later')], false)
  t.match(String(await read), /value|later/)
  t.equal(await written, true)
  t.same(events, ['QUEUE_FAILED', 'repaired'])
  t.equal(readdirSync(root).filter((name) => name.includes('.damaged-')).length, 1, 'the files from before are kept')
  t.same(await keeper.use((db) => db.get(Buffer.from('state'), { fillCache: false })), Buffer.from('now'))
  await keeper.close()
})

t.test('a write that finds no room is done again once there is some', async (t) => {
  const { keeper, events } = await keep(t)
  let tries = 0
  const done = await keeper.use(async (db) => {
    if (tries++ < 1) throw storeError('LEVEL_IO_ERROR', 'IO error: 000012.log: No space left on device')
    await db.batch([put('value')], { sync: true })
    return true
  })
  t.equal(done, true)
  t.same(events, ['DISK_FULL', 'sound'])
  await keeper.close()
})

t.test('closing ends a wait for recovery at once; nothing is done afterwards', async (t) => {
  const { keeper, events } = await keep(t)
  const waiting = keeper.use(async () => {
    throw storeError('LEVEL_IO_ERROR', 'No space left on device')
  })
  while (events.length === 0) await new Promise((resolve) => setImmediate(resolve))
  await keeper.close()
  t.equal(await waiting, undefined)
  t.equal(await keeper.write([put('late')], true), false)
})

t.test('a mistake of ours is thrown on and said; the store is left alone', async (t) => {
  const { keeper, events, root } = await keep(t)
  await keeper.write([put('value')], true)
  const wrong = keeper.use(async () => {
    throw new TypeError('cannot read properties of undefined')
  })
  await t.rejects(wrong, { code: 'INTERNAL', message: /cannot read properties/ })
  await t.rejects(
    keeper.write([{ type: 'put', key } as unknown as Op], false),
    { code: 'INTERNAL' },
    'a call that LevelDB refuses is ours too',
  )
  t.same(events, ['INTERNAL', 'INTERNAL'])
  t.equal(readdirSync(root).length, 1, 'nothing was repaired')
  t.same(await keeper.use((db) => db.get(key, { fillCache: false })), Buffer.from('value'))
  await keeper.close()
})

t.test('a mistake of ours while the store is opened again ends it, instead of a repair for ever', async (t) => {
  const { keeper, events, root } = await keep(t, true)
  const waiting = keeper.use(async () => {
    throw storeError('LEVEL_CORRUPTION', 'Corruption: bad block handle')
  })
  t.equal(await waiting, undefined)
  t.same(events, ['QUEUE_FAILED', 'repaired', 'INTERNAL'])
  t.equal(await keeper.write([put('late')], true), false)
  await keeper.close()
  const again = new StoreKeeper(join(root, 'queue'), segmentBytes(0), { failed() {}, mistake() {}, reopened: () => [] })
  t.equal((await again.open()).outcome, 'sound', 'the store was let go')
  await again.close()
})
