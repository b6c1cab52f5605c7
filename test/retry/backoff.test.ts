import { getEventListeners } from 'node:events'
import fc from 'fast-check'
import { test } from 'tap'
import { Backoff, wait } from '../../src/retry/backoff.ts'

test('each step is twice the last, up to the longest, and begins again after a reset', async (t) => {
  const backoff = new Backoff({ initialMs: 1000, maxMs: 300_000 }, () => 0.999_999)
  const steps = Array.from({ length: 11 }, () => backoff.next())
  t.same(steps, [1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000])
  t.equal(backoff.attempts, 11)
  backoff.reset()
  t.equal(backoff.attempts, 0)
  t.equal(backoff.next(), 1000)
})

test('half of a wait is fixed and half is random, however many there were', async (t) => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.nat(3000), (random, tries) => {
      const backoff = new Backoff({ initialMs: 1000, maxMs: 300_000 }, () => random)
      for (let i = 0; i < tries; i++) backoff.next()
      const step = Math.min(300_000, 1000 * 2 ** tries)
      const ms = backoff.next()
      return ms >= step / 2 && ms <= step
    }),
  )
  t.equal(new Backoff({ initialMs: 1000, maxMs: 300_000 }, () => 0).next(), 500)
})

test('a wait ends with its time or at once with the signal', async (t) => {
  const { signal } = new AbortController()
  await wait(1, signal)
  t.same(getEventListeners(signal, 'abort'), [], 'no listener is left behind')
  const abort = new AbortController()
  const waiting = wait(1_000_000, abort.signal)
  abort.abort()
  await waiting
  await wait(1_000_000, abort.signal)
  t.same(process.getActiveResourcesInfo().includes('Timeout'), false, 'no timer is left behind')
})
