import { test } from 'tap'
import { LogLimit } from '../../src/sources/log-limit.ts'

test('once per key and interval, then with the number of those kept silent', async (t) => {
  const limit = new LogLimit(1000)
  t.equal(limit.admit('a', 0), 0)
  t.equal(limit.admit('a', 999), undefined)
  t.equal(limit.admit('b', 999), 0)
  t.equal(limit.admit('a', 1000), 1)
  t.equal(limit.admit('a', 1001), undefined)
  t.equal(limit.admit('a', 5000), 1)
  t.equal(limit.admit('a', 6000), 0)
})

test('a clock that is set back keeps nothing silent', async (t) => {
  const limit = new LogLimit(0)
  const { now } = Date
  t.teardown(() => {
    Date.now = now
  })
  t.equal(limit.admit('a'), 0)
  Date.now = () => now() - 86_400_000
  t.equal(limit.admit('a'), 0)
})

test('bounded: with all places taken new keys are silent until old ones are over', async (t) => {
  const limit = new LogLimit(1000, 2)
  limit.admit('a', 0)
  limit.admit('b', 500)
  t.equal(limit.admit('c', 999), undefined)
  t.equal(limit.admit('c', 1000), 0)
  t.equal(limit.admit('d', 1001), undefined, 'b and c hold the places')
})
