import fc from 'fast-check'
import t from 'tap'
import { type Fate, SettledRanges } from '../../src/queue/settled-ranges.ts'

const addition = fc.record({
  from: fc.nat(40),
  length: fc.integer({ min: 1, max: 12 }),
  fate: fc.constantFrom<Fate>('delivered', 'rejected', 'damaged'),
})

t.test('ranges behave as a map from message to its first fate', async (t) => {
  fc.assert(
    fc.property(fc.array(addition, { maxLength: 30 }), (additions) => {
      const ranges = new SettledRanges()
      const model = new Map<number, Fate>()
      for (const { from, length, fate } of additions) {
        const added = ranges
          .add(from, from + length - 1, fate)
          .flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i))
        const fresh = Array.from({ length }, (_, i) => from + i).filter((seq) => !model.has(seq))
        for (const seq of fresh) model.set(seq, fate)
        if (added.join() !== fresh.join()) return false
        for (let seq = 0; seq < 55; seq++) if (ranges.has(seq) !== model.has(seq)) return false
      }
      const counts = new Map<Fate, number>()
      const cursor = ranges.advance(0, (fate, messages) => counts.set(fate, (counts.get(fate) ?? 0) + messages))
      const expected = new Map<Fate, number>()
      let seq = 0
      for (let fate = model.get(0); fate !== undefined; fate = model.get(++seq)) expected.set(fate, (expected.get(fate) ?? 0) + 1)
      return cursor === seq && [...expected].every(([fate, messages]) => counts.get(fate) === messages)
    }),
  )
  t.equal(
    new SettledRanges().advance(7, () => t.fail('nothing is settled')),
    7,
  )
})

t.test('touches', async (t) => {
  const ranges = new SettledRanges()
  ranges.add(10, 12, 'delivered')
  t.same([ranges.touches(0, 9), ranges.touches(0, 10), ranges.touches(12, 20), ranges.touches(13, 20)], [false, true, true, false])
})
