import { test } from 'tap'
import { type PaceLimits, RequestPace } from '../../../src/sinks/http/request-pace.ts'

const kibibyte = 1024
const mebibyte = 2 ** 20

function pace(limits: Partial<PaceLimits> = {}): RequestPace {
  return new RequestPace({ maxRequestBytes: 8 * mebibyte, maxInFlight: 4, timeoutMs: 60_000, ...limits })
}

/** Requests of the size that the pace allows, one after another. */
function answer(of: RequestPace, count: number, tookMs: number): void {
  for (let i = 0; i < count; i++) of.answered({ bytes: of.requestBytes, begunMs: 0, nowMs: tookMs })
}

test('it begins with 1 MiB and two in flight, or with what is allowed at most', (t) => {
  t.same([pace().requestBytes, pace().requestsInFlight], [mebibyte, 2])
  const small = pace({ maxRequestBytes: 64 * kibibyte, maxInFlight: 1 })
  t.same([small.requestBytes, small.requestsInFlight], [64 * kibibyte, 1])
  t.end()
})

test('quick answers make requests larger, by a quarter up to twice, and slow ones smaller', (t) => {
  const of = pace()
  answer(of, 1, 100)
  t.equal(of.requestBytes, 2 * mebibyte)
  answer(of, 1, 900)
  t.equal(of.requestBytes, 2.5 * mebibyte)
  answer(of, 1, 3000)
  t.equal(of.requestBytes, 2.5 * mebibyte, 'as it should be')
  answer(of, 10, 10)
  t.equal(of.requestBytes, 8 * mebibyte, 'never more than allowed')
  answer(of, 1, 6250)
  t.equal(of.requestBytes, (6.4 * mebibyte) | 0)
  answer(of, 20, 60_000)
  t.equal(of.requestBytes, 64 * kibibyte, 'never less than that')
  t.end()
})

test('requests that do not use the size say nothing about it, and those that were in flight together say it once', (t) => {
  const of = pace()
  of.answered({ bytes: 1000, begunMs: 0, nowMs: 1 })
  of.answered({ bytes: 1000, begunMs: 0, nowMs: 60_000 })
  t.equal(of.requestBytes, mebibyte)
  for (let i = 0; i < 4; i++) of.answered({ bytes: mebibyte, begunMs: 0, nowMs: 10_000 })
  t.equal(of.requestBytes, mebibyte / 2)
  t.end()
})

test('good answers allow more in flight, one for each round; slow ones do not', (t) => {
  const of = pace()
  answer(of, 1, 10)
  t.equal(of.requestsInFlight, 2)
  answer(of, 1, 10)
  t.equal(of.requestsInFlight, 3)
  answer(of, 20, 10_000)
  t.equal(of.requestsInFlight, 3)
  answer(of, 100, 10)
  t.equal(of.requestsInFlight, 4)
  t.end()
})

test('busy halves what is in flight, once for those that were in flight together, and leaves one', (t) => {
  const of = pace({ maxInFlight: 8 })
  answer(of, 100, 10)
  t.equal(of.requestsInFlight, 8)
  for (let i = 0; i < 8; i++) of.busy({ bytes: 1000, begunMs: 100, nowMs: 200 + i })
  t.equal(of.requestsInFlight, 4)
  for (let i = 1; i < 6; i++) of.busy({ bytes: 1000, begunMs: i * 1000, nowMs: i * 1000 + 1 })
  t.equal(of.requestsInFlight, 1)
  answer(of, 9, 10)
  t.equal(of.requestsInFlight, 1, 'these were in flight before')
  of.answered({ bytes: 1000, begunMs: 6000, nowMs: 6001 })
  t.equal(of.requestsInFlight, 2)
  t.end()
})

test('busy makes requests smaller as well, down to what is never too much', (t) => {
  const of = pace()
  of.busy({ bytes: 1000, begunMs: 0, nowMs: 1 })
  of.busy({ bytes: 1000, begunMs: 0, nowMs: 2 })
  t.equal(of.requestBytes, mebibyte / 2, 'once')
  for (let i = 1; i < 9; i++) of.busy({ bytes: 1000, begunMs: 10 * i, nowMs: 10 * i + 1 })
  t.equal(of.requestBytes, 64 * kibibyte)
  t.end()
})

test('no answer after a long time asks for less, a connection that is refused does not', (t) => {
  const of = pace({ timeoutMs: 2000 })
  of.unanswered({ bytes: mebibyte, begunMs: 0, nowMs: 1000 })
  t.same([of.requestBytes, of.requestsInFlight], [mebibyte, 2])
  of.unanswered({ bytes: mebibyte, begunMs: 1000, nowMs: 3000 })
  t.same([of.requestBytes, of.requestsInFlight], [mebibyte / 2, 1])
  t.end()
})

test('a size that was refused is remembered, and tried again a little larger after some thousand answers', (t) => {
  const of = pace()
  of.tooLarge(mebibyte)
  t.equal(of.requestBytes, mebibyte / 2)
  t.same([of.isTooLarge(mebibyte), of.isTooLarge(mebibyte - 1)], [true, false])
  answer(of, 1000, 10)
  t.equal(of.requestBytes, (mebibyte * 3) / 4)
  answer(of, 1001, 10)
  t.equal(of.requestBytes, Math.floor(mebibyte * 1.25 * 0.75))
  answer(of, 30_000, 10)
  t.equal(of.requestBytes, 8 * mebibyte, 'in the end it is forgotten')
  t.equal(of.isTooLarge(8 * mebibyte), false)
  t.end()
})

test('a size that is taken after all was not what was refused', (t) => {
  const of = pace()
  for (const bytes of [mebibyte, mebibyte / 2, 1000]) of.tooLarge(bytes)
  t.equal(of.requestBytes, 500)
  of.answered({ bytes: mebibyte / 2, begunMs: 0, nowMs: 3000 })
  t.same([of.requestBytes, of.isTooLarge(mebibyte)], [mebibyte / 2, false])
  t.end()
})

test('a size of one byte is the least', (t) => {
  const of = pace()
  of.tooLarge(1)
  t.equal(of.requestBytes, 1)
  t.end()
})
