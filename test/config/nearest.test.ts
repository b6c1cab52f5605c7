import fc from 'fast-check'
import t from 'tap'
import { editDistance, nearest } from '../../src/config/nearest.ts'

t.test('finds what was meant', async (t) => {
  const words = ['port', 'host', 'transports', 'when_full', 'drop_newest', 'drop_oldest']
  t.equal(nearest('prot', words), 'port', 'swapped')
  t.equal(nearest('transport', words), 'transports')
  t.equal(nearest('When-Full', words), 'when_full', 'case and dashes do not count')
  t.equal(nearest('drop-oldset', words), 'drop_oldest')
  t.equal(nearest('zebra', words), undefined)
  t.equal(nearest('x'.repeat(100_000), words), undefined)
  t.equal(nearest('port', []), undefined)
})

t.test('the distance is one', async (t) => {
  const word = fc.string({ maxLength: 12 })
  fc.assert(fc.property(word, (a) => editDistance(a, a) === 0))
  fc.assert(fc.property(word, word, (a, b) => editDistance(a, b) === editDistance(b, a)))
  fc.assert(fc.property(word, word, (a, b) => a === b || editDistance(a, b) > 0))
  t.equal(editDistance('kitten', 'sitting'), 3)
  t.equal(editDistance('ab', 'ba'), 1)
  t.equal(editDistance('', 'abc'), 3)
})
