import { test } from 'tap'
import { type CivilDate, resolveDate } from '../../../src/syslog/timestamp/civil.ts'
import { emptyDate } from '../../../src/syslog/timestamp/clock.ts'

function resolve(date: Partial<CivilDate>, received: string, timezone = 'UTC') {
  return resolveDate({ ...emptyDate(), ...date }, 0, { timezone, receivedAtMs: Date.parse(received) })
}

const noon = { hour: 12 }

test('the missing year is the nearest one', async (t) => {
  const year = (month: number, day: number, received: string) => resolve({ month, day, ...noon }, received).timestamp?.slice(0, 4)
  t.equal(year(12, 31, '2026-01-01T00:00:00Z'), '2025', 'December read in January')
  t.equal(year(1, 1, '2025-12-31T23:59:00Z'), '2026', 'January read in December: the clocks differ')
  t.equal(year(11, 21, '2026-11-21T12:00:00Z'), '2026')
  t.equal(year(5, 1, '2026-11-21T12:00:00Z'), '2027', 'May is nearer ahead')
  t.equal(year(6, 1, '2026-11-21T12:00:00Z'), '2026')
})

test('29 February has a year that has one', async (t) => {
  const year = (received: string) => resolve({ month: 2, day: 29, ...noon }, received).timestamp?.slice(0, 4)
  t.equal(year('2028-02-29T12:00:00Z'), '2028')
  t.equal(year('2028-12-31T12:00:00Z'), '2028')
  t.equal(year('2025-03-01T12:00:00Z'), '2024')
  t.equal(year('2027-03-01T12:00:00Z'), '2028')
  t.equal(year('2100-02-27T12:00:00Z'), '2096', '2100 is no leap year')
})

test('dates that do not exist', async (t) => {
  const bad: Partial<CivilDate>[] = [
    { month: 4, day: 31 },
    { month: 2, day: 30 },
    { year: 2100, month: 2, day: 29 },
    { month: 13, day: 1 },
    { month: 0, day: 1 },
    { month: 1, day: 0 },
    { month: 1, day: 1, hour: 24 },
    { month: 1, day: 1, minute: 60 },
    { month: 1, day: 1, second: 61 },
  ]
  for (const date of bad) {
    t.strictSame(resolve(date, '2026-11-21T12:00:00Z'), { timestamp: undefined, problem: 'bad_timestamp', end: 0 }, JSON.stringify(date))
  }
  t.equal(resolve({ year: 2000, month: 2, day: 29 }, '2026-11-21T12:00:00Z').timestamp, '2000-02-29T00:00:00Z')
})

test('a leap second is the one before it, and marked', async (t) => {
  const found = resolve({ year: 2016, month: 12, day: 31, hour: 23, minute: 59, second: 60 }, '2026-11-21T12:00:00Z')
  t.strictSame(found, { timestamp: '2016-12-31T23:59:59Z', problem: 'leap_second', end: 0 })
})

test('an offset that stores refuse is none, wherever it comes from', async (t) => {
  const date = { year: 2026, month: 7, day: 1, ...noon }
  const at = (zone: CivilDate['zone'], timezone = 'UTC') => resolve({ ...date, zone }, '2026-07-01T12:00:00Z', timezone)
  t.equal(at(1080).timestamp, '2026-07-01T12:00:00+18:00')
  t.equal(at(-1080).timestamp, '2026-07-01T12:00:00-18:00')
  for (const found of [at(1081), at(-1081), at(23 * 60), at(undefined, '+19:00')])
    t.strictSame(found, { timestamp: undefined, problem: 'bad_timestamp', end: 0 })
})

test('the zone: written, named, configured', async (t) => {
  const date = { year: 2026, month: 7, day: 1, ...noon }
  const at = (zone: CivilDate['zone'], timezone: string) => {
    const { timestamp, problem } = resolve({ ...date, zone }, '2026-07-01T12:00:00Z', timezone)
    return [timestamp?.slice(19), problem]
  }
  t.strictSame(at(-210, 'Europe/Berlin'), ['-03:30', undefined])
  t.strictSame(at('CEST', 'UTC'), ['+02:00', undefined])
  t.strictSame(at(undefined, 'Europe/Berlin'), ['+02:00', undefined])
  t.strictSame(at(undefined, 'UTC'), ['Z', undefined])
  t.strictSame(at('NOPE', 'Europe/Berlin'), ['+02:00', 'unknown_zone'])
  t.strictSame(at(undefined, 'Mars/Olympus'), ['Z', 'unknown_zone'])
})

test('names with several meanings', async (t) => {
  const date = { year: 2026, month: 7, day: 1, ...noon }
  const at = (zone: string, timezone: string) => {
    const { timestamp, problem } = resolve({ ...date, zone }, '2026-07-01T12:00:00Z', timezone)
    return [timestamp?.slice(19), problem]
  }
  t.strictSame(at('CST', 'UTC'), ['-06:00', undefined], 'RFC 5322')
  t.strictSame(at('CST', 'Asia/Shanghai'), ['+08:00', undefined], 'the configured zone decides')
  t.strictSame(at('IST', 'Asia/Kolkata'), ['+05:30', undefined])
  t.strictSame(at('IST', 'Asia/Jerusalem'), ['+03:00', 'unknown_zone'], 'which is IDT in July')
  t.strictSame(at('IST', 'UTC'), ['Z', 'unknown_zone'])
  t.strictSame(at('BST', 'Europe/London'), ['+01:00', undefined])
})
