import { test } from 'tap'
import { bodyDate } from '../../src/syslog/body-date.ts'

const options = { timezone: '+02:00', receivedAtMs: Date.parse('2026-11-22T08:00:00Z') }
const dateOf = (value: unknown) => bodyDate({ time: value }, options)?.timestamp

test('dates as loggers write them', async (t) => {
  const cases: [given: unknown, expected: string][] = [
    ['2026-11-22T08:00:00Z', '2026-11-22T08:00:00Z'],
    ['2026-11-22T08:00:00.123456+0000', '2026-11-22T08:00:00.123456Z'],
    ['2026-11-22T08:00:00.123456789+05:30', '2026-11-22T08:00:00.123456789+05:30'],
    ['2026-11-22 08:00:00,123Z', '2026-11-22T08:00:00.123Z'],
    ['2026-11-22T08:00:00', '2026-11-22T08:00:00+02:00'],
    [1763748000, '2025-11-21T18:00:00Z'],
    [1763748000.123456, '2025-11-21T18:00:00.123456Z'],
    [1763748000123, '2025-11-21T18:00:00.123Z'],
    ['1763748000.5', '2025-11-21T18:00:00.5Z'],
    ['1763748000123', '2025-11-21T18:00:00.123Z'],
  ]
  for (const [given, expected] of cases) t.equal(dateOf(given), expected, String(given))
})

test('what is no date, or none that stores would take', async (t) => {
  const values = ['', 'yesterday', '2026-02-30T08:00:00Z', '2026-11-22T08:00:00Z and more', '2026-11-22', '12345', 'NaN']
  for (const value of [...values, 0, 7, -1763748000, 1e300, null, true, [1763748000], { a: 1 }, undefined]) {
    t.equal(dateOf(value), undefined, String(value))
  }
})

test('the surest field that has one', async (t) => {
  const fields = { ts: 1763748000, time: 'noon', eventTime: '2026-01-01T00:00:00Z', '@timestamp': 'never' }
  t.strictSame(bodyDate(fields, options), { timestamp: '2026-01-01T00:00:00Z', field: 'eventTime' })
  t.equal(bodyDate({ ...fields, timestamp: 1763748001 }, options)?.field, 'timestamp')
  t.equal(bodyDate({ date: 1763748000 }, options), undefined)
})
