import { test } from 'tap'
import { BufferPool } from '../../src/batch/buffer-pool.ts'

const large = 100 * 1024

test('a large buffer comes back for the next that fits', async (t) => {
  const pool = new BufferPool(2)
  const first = pool.take(large)
  t.ok(first.length >= large)
  t.equal(first.byteOffset % 8, 0)
  const second = pool.take(large)
  t.not(second, first)
  pool.give(first)
  pool.give(second)
  const third = pool.take(4 * large)
  t.ok(third.length >= 4 * large, 'neither was large enough')
  t.strictSame(new Set([pool.take(large), pool.take(large)]), new Set([first, second]))
  t.not(pool.take(large), first, 'each is given once')
})

test('small and huge ones are not kept, nor more than it may keep', async (t) => {
  const pool = new BufferPool(1)
  const small = pool.take(1000)
  pool.give(small)
  t.not(pool.take(1000), small)
  const huge = pool.take(8 * 2 ** 20)
  pool.give(huge)
  t.not(pool.take(large), huge)
  const [a, b] = [pool.take(large), pool.take(large)]
  pool.give(a)
  pool.give(b)
  t.equal(pool.take(large), b, 'the newest')
  t.not(pool.take(large), a)
})
