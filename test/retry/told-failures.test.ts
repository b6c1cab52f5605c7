import { test } from 'tap'
import { ToldFailures } from '../../src/retry/told-failures.ts'

const minute = 60_000

test('each kind of failure is told once in a failing period, and the end of the period', async (t) => {
  const told = new ToldFailures()
  t.equal(told.failed('ENDPOINT_CLOSED', 0), 0)
  t.equal(told.failed('ENDPOINT_CLOSED', 1), undefined)
  t.equal(told.failed('ENDPOINT_TLS', 2), 0, 'another kind is news')
  t.equal(told.failed('ENDPOINT_CLOSED', 10 * minute), undefined, 'however long it lasts')
  t.equal(told.ended(), true)
  t.equal(told.ended(), false)
})

test('what fails and is well again all the time is told once a minute, with how often it was not', async (t) => {
  const told = new ToldFailures()
  let lines = 0
  for (let at = 0; at <= 5 * minute; at += 500) {
    const silent = told.failed('ENDPOINT_CLOSED', at)
    if (silent !== undefined) lines++
    if (at > 0 && at % minute === 0) t.equal(silent, 119)
    t.equal(told.ended(), silent !== undefined, 'an end without a beginning is not told')
  }
  t.equal(lines, 6)
})

test('a failure that began in the quiet minute and lasts is told when the minute is over', async (t) => {
  const told = new ToldFailures()
  told.failed('ENDPOINT_CLOSED', 0)
  told.ended()
  t.equal(told.failed('ENDPOINT_CLOSED', 1000), undefined)
  t.equal(told.failed('ENDPOINT_CLOSED', minute - 1), undefined)
  t.equal(told.failed('ENDPOINT_CLOSED', minute), 0, 'and was not counted as silent')
  t.equal(told.failed('ENDPOINT_CLOSED', 2 * minute), undefined)
  t.equal(told.ended(), true)
})
