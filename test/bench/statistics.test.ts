import { test } from 'tap'
import { median, percentile, ratios, spread } from '../../bench/report/statistics.ts'

test('the median of an odd and of an even number of runs', async (t) => {
  t.equal(median([9, 1, 5]), 5)
  t.equal(median([10, 1, 2, 5]), 3.5)
})

test('a spread names the least and the most, in whatever order the runs came', async (t) => {
  t.strictSame(spread([30, 10, 20]), { median: 20, least: 10, most: 30 })
  t.throws(() => spread([]), RangeError)
})

test('percentiles are values that occurred (nearest rank)', async (t) => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i)
  t.equal(percentile(hundred, 50), 50)
  t.equal(percentile(hundred, 99), 99)
  t.equal(percentile(hundred.concat(hundred), 49), 49)
  t.equal(
    percentile(
      Array.from({ length: 200 }, (_, i) => i + 1),
      99,
    ),
    198,
  )
  t.equal(percentile([7], 99), 7)
  t.equal(percentile([1, 2, 3], 1), 1)
})

test('ratios are taken run by run, not of medians', async (t) => {
  t.strictSame(ratios([10, 40, 90], [10, 20, 30]), { median: 2, least: 1, most: 3 })
  t.strictSame(ratios([10, 40, 90], [5]), { median: 2, least: 2, most: 2 }, 'a relay that ran fewer rounds')
})
