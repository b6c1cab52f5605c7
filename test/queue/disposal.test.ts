import t from 'tap'
import { Disposal } from '../../src/queue/disposal.ts'
import { seqOfKey } from '../../src/queue/keys.ts'
import type { Range, Store } from '../../src/queue/leveldb.ts'
import { recordingLogger } from './queue-fixtures.ts'

const mebibyte = 2 ** 20

function make() {
  const done: string[] = []
  const release: (() => void)[] = []
  const db = {
    clear: async ({ gte, lt }: Range) => {
      done.push(`clear ${seqOfKey(gte)}-${seqOfKey(lt)}`)
      await new Promise<void>((resolve) => release.push(resolve))
    },
  }
  const use = <T>(work: (store: Pick<Store, 'clear'>) => Promise<T>) => work(db)
  const disposal = new Disposal({ use }, 8 * mebibyte, { seq: 0, position: 0 }, recordingLogger())
  const step = async () => {
    while (release.length === 0) await new Promise((resolve) => setImmediate(resolve))
    release.shift()?.()
  }
  return { disposal, done, step }
}

t.test('deletes in steps of an eighth of a segment, and does what was passed during a round after it', async (t) => {
  const { disposal, done, step } = make()
  disposal.consider({ seq: 10, position: mebibyte - 1 })
  t.same(done, [], 'too little')
  disposal.consider({ seq: 100, position: mebibyte })
  disposal.consider({ seq: 900, position: 9 * mebibyte })
  disposal.consider({ seq: 1000, position: 10 * mebibyte })
  await step()
  await step()
  await disposal.idle()
  t.same(done, ['clear 0-100', 'clear 100-1000'])
  disposal.restart()
  disposal.consider({ seq: 1100, position: 11 * mebibyte })
  await step()
  await disposal.idle()
  t.equal(done.at(-1), 'clear 0-1100', 'after a repair from the first key on')
})

t.test('removes in the middle what was dropped there', async (t) => {
  const { disposal, done, step } = make()
  const removed = disposal.remove([
    [50, 59],
    [80, 89],
  ])
  await step()
  await step()
  await removed
  t.same(done, ['clear 50-60', 'clear 80-90'])
})
