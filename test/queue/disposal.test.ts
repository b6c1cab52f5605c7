import t from 'tap'
import { Disposal } from '../../src/queue/disposal.ts'
import { seqOfKey } from '../../src/queue/keys.ts'
import type { LevelDb } from '../../src/queue/leveldb.ts'
import { recordingLogger } from './queue-fixtures.ts'

const mebibyte = 2 ** 20

function make() {
  const done: string[] = []
  const release: (() => void)[] = []
  const db = {
    clear: async ({ gte, lt }: { gte: Buffer; lt: Buffer }) => {
      done.push(`clear ${seqOfKey(gte)}-${seqOfKey(lt)}`)
      await new Promise<void>((resolve) => release.push(resolve))
    },
    compactRange: async (from: Buffer, to: Buffer) => void done.push(`compact ${seqOfKey(from)}-${seqOfKey(to)}`),
  } as unknown as LevelDb
  const use = <T>(work: (db: LevelDb) => Promise<T>) => work(db)
  const disposal = new Disposal({ use, exclusive: use }, 1024 * mebibyte, { seq: 0, position: 0, drained: false }, recordingLogger())
  const step = async () => {
    while (release.length === 0) await new Promise((resolve) => setImmediate(resolve))
    release.shift()?.()
  }
  return { disposal, done, step }
}

t.test('deletes in large steps, compacts in larger ones, and does what was passed during a round after it', async (t) => {
  const { disposal, done, step } = make()
  disposal.consider({ seq: 10, position: mebibyte, drained: false })
  t.same(done, [], 'too little')
  disposal.consider({ seq: 100, position: 8 * mebibyte, drained: false })
  disposal.consider({ seq: 900, position: 99 * mebibyte, drained: false })
  disposal.consider({ seq: 1000, position: 100 * mebibyte, drained: false })
  await step()
  await step()
  await disposal.idle()
  t.same(done, ['clear 0-100', 'clear 100-1000', 'compact 0-1000'])
  disposal.restart()
  disposal.consider({ seq: 1100, position: 110 * mebibyte, drained: false })
  await step()
  await disposal.idle()
  t.equal(done.at(-1), 'clear 0-1100', 'after a repair from the first key on')
})

t.test('what is removed in the middle is compacted as a whole once it is worth it', async (t) => {
  const { disposal, done, step } = make()
  const first = disposal.remove([[50, 59]], 60 * mebibyte)
  await step()
  await first
  const second = disposal.remove(
    [
      [60, 69],
      [80, 89],
    ],
    40 * mebibyte,
  )
  await step()
  await step()
  await second
  t.same(done, ['clear 50-60', 'clear 60-70', 'clear 80-90', 'compact 50-90'])
})
