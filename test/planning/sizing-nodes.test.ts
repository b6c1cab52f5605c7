import fc from 'fast-check'
import t from 'tap'
import { nodesAway, nodesFor, wholeNodes } from '../../src/planning/sizing-nodes.ts'

t.test('the fullest zone is the one that goes', async (t) => {
  const three = { zones: 3 }
  t.same(
    [3, 4, 5, 6, 7].map((nodes) => nodesAway(nodes, three)),
    [1, 2, 2, 2, 3],
  )
  t.same(
    [1, 2, 3, 4, 5].map((survivors) => nodesFor(survivors, three)),
    [3, 3, 5, 6, 8],
  )
  t.equal(nodesFor(2, { nodes: 2 }), 4)
  t.equal(nodesAway(4, { nodes: 2 }), 2)
})

t.test('exactly as many as are needed, and one a zone', async () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 2, max: 9 }), (survivors, zones) => {
      const left = (nodes: number) => nodes - nodesAway(nodes, { zones })
      const nodes = nodesFor(survivors, { zones })
      return left(nodes) >= survivors && (nodes === zones || left(nodes - 1) < survivors)
    }),
  )
})

t.test('rounds up, but not for a mistake of floating point', async (t) => {
  t.equal((0.1 * 3) / 0.1, 3.0000000000000004)
  t.equal(wholeNodes((0.1 * 3) / 0.1), 3)
  t.equal(wholeNodes(3.0001), 4)
  t.equal(wholeNodes(0.001), 1)
})
