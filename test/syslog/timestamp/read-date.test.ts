import { test } from 'tap'
import { readDate } from '../../../src/syslog/timestamp/read-date.ts'

const receivedAtMs = Date.parse('2026-11-21T18:00:05Z')

/** What is read, and the text behind it. */
function read(text: string, timezone = 'UTC', device?: string): [string | undefined, string] | undefined {
  const found = readDate(text, 0, { timezone, receivedAtMs, device })
  return found === undefined ? undefined : [found.timestamp, text.slice(found.end)]
}

test('BSD dates in every shape', async (t) => {
  const table: [string, string, string][] = [
    ['Nov 21 18:00:00 host', '2026-11-21T18:00:00Z', ' host'],
    ['Nov  1 8:00:00 host', '2026-11-01T08:00:00Z', ' host'],
    ['NOV 1 18:00:00 host', '2026-11-01T18:00:00Z', ' host'],
    ['*Nov 21 18:00:00: x', '2026-11-21T18:00:00Z', ': x'],
    ['.Nov 21 18:00:00: x', '2026-11-21T18:00:00Z', ': x'],
    ['Nov 21 18:00:00.123 host', '2026-11-21T18:00:00.123Z', ' host'],
    ['Nov 21 18:00:00,123456 host', '2026-11-21T18:00:00.123456Z', ' host'],
    ['Nov 21 18:00:00:123 host', '2026-11-21T18:00:00.123Z', ' host'],
    ['Nov 21 18:00:00:1234 host', '2026-11-21T18:00:00Z', ':1234 host'],
    ['Nov 21 18:00:00.1234567891 host', '2026-11-21T18:00:00.123456789Z', ' host'],
    ['Nov 21 2025 18:00:00 host', '2025-11-21T18:00:00Z', ' host'],
    ['Nov 21, 2025 18:00:00 host', '2025-11-21T18:00:00Z', ' host'],
    ['2025 Nov 21 18:00:00 host', '2025-11-21T18:00:00Z', ' host'],
    ['Nov 21 18:00:00 2025 host', '2025-11-21T18:00:00Z', ' host'],
    ['Nov 21 18:00:00.5 2025: x', '2025-11-21T18:00:00.5Z', ': x'],
    ['Nov 21 18:00:00 CET 2025 host', '2025-11-21T18:00:00+01:00', ' host'],
    ['Nov 21 18:00:00 2025 CET host', '2025-11-21T18:00:00+01:00', ' host'],
    ['Nov 21 18:00:00 3000 host', '2026-11-21T18:00:00Z', ' 3000 host'],
    ['Sat Nov 21 18:00:00 2026 host', '2026-11-21T18:00:00Z', ' host'],
    ['Sat, Nov 21 18:00:00 host', '2026-11-21T18:00:00Z', ' host'],
    ['Nov 21 18:00:00 EDT host', '2026-11-21T18:00:00-04:00', ' host'],
    ['Nov 21 18:00:00 UTC: x', '2026-11-21T18:00:00Z', ': x'],
    ['Nov 21 18:00:00 UTC+8 host', '2026-11-21T18:00:00+08:00', ' host'],
    ['Nov 21 18:00:00 GMT-03:30 host', '2026-11-21T18:00:00-03:30', ' host'],
    ['Nov 21 18:00:00 +01:60 host', '2026-11-21T18:00:00Z', ' +01:60 host'],
    ['Nov 21 18:00:00 UTC+99 host', '2026-11-21T18:00:00Z', ' UTC+99 host'],
    ['Nov 21 18:00:00 +0100 host', '2026-11-21T18:00:00+01:00', ' host'],
    ['Nov 21 18:00:00-05:00 host', '2026-11-21T18:00:00-05:00', ' host'],
    ['Nov 21 18:00:00 FIREWALL x', '2026-11-21T18:00:00Z', ' FIREWALL x'],
    ['Nov 21 18:00:00 SSH: x', '2026-11-21T18:00:00Z', ' SSH: x'],
    ['Nov 21 18:00:00 CET-GW x', '2026-11-21T18:00:00Z', ' CET-GW x'],
    ['Nov 21 18:00:00', '2026-11-21T18:00:00Z', ''],
  ]
  for (const [text, timestamp, rest] of table) t.strictSame(read(text), [timestamp, rest], text)
})

test('ISO dates in every shape', async (t) => {
  const table: [string, string, string][] = [
    ['2026-11-21T18:00:00Z host', '2026-11-21T18:00:00Z', ' host'],
    ['2026-11-21T18:00:00.123456789-05:00 host', '2026-11-21T18:00:00.123456789-05:00', ' host'],
    ['2026-11-21T18:00:00-00:00 host', '2026-11-21T18:00:00-00:00', ' host'],
    ['2026-11-21t18:00:00z host', '2026-11-21T18:00:00Z', ' host'],
    ['2026-11-21T18:00:00,5+0100 host', '2026-11-21T18:00:00.5+01:00', ' host'],
    ['2026-11-21T18:00:00+01 host', '2026-11-21T18:00:00+01:00', ' host'],
    ['2026-11-21 18:00:00 host', '2026-11-21T18:00:00Z', ' host'],
    ['2026/11/21 18:00:00 PST: x', '2026-11-21T18:00:00-08:00', ': x'],
    ['2026-11-21T18:00:00.1234567890Z host', '2026-11-21T18:00:00.123456789Z', ' host'],
  ]
  for (const [text, timestamp, rest] of table) t.strictSame(read(text), [timestamp, rest], text)
})

test('dates without a zone take the configured one', async (t) => {
  t.strictSame(read('Nov 21 18:00:00 x', 'Europe/Berlin'), ['2026-11-21T18:00:00+01:00', ' x'])
  t.strictSame(read('2026-07-01 18:00:00 x', 'Europe/Berlin'), ['2026-07-01T18:00:00+02:00', ' x'])
  t.strictSame(read('Nov 21 18:00:00 UTC x', 'Europe/Berlin'), ['2026-11-21T18:00:00Z', ' x'])
})

test('capitals before a colon are a zone on Cisco devices only', async (t) => {
  t.strictSame(read('Nov 21 18:00:00 HQ: x', 'UTC', 'cisco-ios'), ['2026-11-21T18:00:00Z', ': x'])
  t.strictSame(read('Nov 21 18:00:00 HQ: x', 'UTC', 'linux'), ['2026-11-21T18:00:00Z', ' HQ: x'])
  t.strictSame(read('Nov 21 18:00:00 CEF:0|', 'UTC', 'cisco-ios'), ['2026-11-21T18:00:00Z', ' CEF:0|'])
  t.strictSame(read('Nov 21 18:00:00 HQ: %SYS-5-X: x'), ['2026-11-21T18:00:00Z', ': %SYS-5-X: x'])
})

test('epochs', async (t) => {
  t.strictSame(read('1795284000.123456789 MX84'), ['2026-11-21T18:00:00.123456789Z', ' MX84'])
  t.strictSame(read('1795284000.5'), ['2026-11-21T18:00:00.5Z', ''])
  t.equal(read('1795284000 MX84'), undefined, 'without a fraction it may be any number')
  t.equal(read('1795284000.12x MX84'), undefined)
})

test('what is no date', async (t) => {
  const texts = [
    '',
    '*',
    'Nov',
    'Nov 21',
    'Nov 21 18:00',
    'Nov 21 1:2:3',
    'Nova 21 18:00:00',
    'Nov x 18:00:00',
    'Foo 21 18:00:00',
    '2026-11-21',
  ]
  for (const text of [...texts, '2026-11-21X18:00:00', '2026-11/21 18:00:00', '12345', 'November 21 18:00:00'])
    t.equal(read(text), undefined, text)
})
