import { test } from 'tap'
import { expiryOf } from '../../src/retry/connection-age.ts'

test('a connection lives at most its age and at least four fifths of it; 0 is for ever', async (t) => {
  t.equal(
    expiryOf(1000, 600, () => 0),
    1600,
  )
  t.equal(
    expiryOf(1000, 600, () => 0.5),
    1540,
  )
  t.equal(
    expiryOf(1000, 600, () => 1),
    1480,
  )
  t.equal(expiryOf(1000, 0), Number.POSITIVE_INFINITY)
  t.not(expiryOf(0, 1e9), expiryOf(0, 1e9), 'each with a jitter of its own')
})
