import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { RelayError } from '../../src/core/errors.ts'
import { levelSizes, type Op } from '../../src/queue/leveldb.ts'
import { StoreKeeper } from '../../src/queue/store-keeper.ts'

const key = Buffer.from('key')
const put = (text: string): Op => ({ type: 'put', key, value: Buffer.from(text) })

async function keep(t: Test) {
  const root = t.testdir()
  const events: string[] = []
  const keeper = new StoreKeeper(join(root, 'queue'), levelSizes(0), {
    failed: (error: RelayError) => void events.push(error.code),
    reopened: ({ outcome }) => {
      events.push(outcome)
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
    if (tries++ === 0) throw new Error('Corruption: bad block handle')
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
    if (tries++ < 1) throw new Error('IO error: 000012.log: No space left on device')
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
    throw new Error('No space left on device')
  })
  while (events.length === 0) await new Promise((resolve) => setImmediate(resolve))
  await keeper.close()
  t.equal(await waiting, undefined)
  t.equal(await keeper.write([put('late')], true), false)
})
