import { test } from 'tap'
import { Lanes } from '../../src/delivery/lanes.ts'

function works(count: number) {
  return Array.from({ length: count }, () => Promise.withResolvers<void>())
}

test('one lane is the work itself', async (t) => {
  const [work] = works(1)
  const lanes = new Lanes(1)
  t.equal(lanes.run(work?.promise as Promise<void>), work?.promise)
  await lanes.empty()
})

test('so many at a time, in whatever order they end', async (t) => {
  const [a, b, c] = works(3) as [PromiseWithResolvers<void>, PromiseWithResolvers<void>, PromiseWithResolvers<void>]
  const lanes = new Lanes(2)
  await lanes.run(a.promise)
  const ends: string[] = []
  const free = lanes.run(b.promise).then(() => ends.push('free'))
  await Promise.resolve()
  t.same(ends, [])
  b.resolve()
  await free
  const full = lanes.run(c.promise)
  c.resolve()
  await full
  const empty = lanes.empty().then(() => ends.push('empty'))
  await Promise.resolve()
  t.same(ends, ['free'])
  a.resolve()
  await empty
  t.same(ends, ['free', 'empty'])
})
