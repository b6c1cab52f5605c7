import { test } from 'tap'
import { zoneOffset } from '../../../src/syslog/timestamp/zone.ts'

/** Offset of a wall clock's reading, received at `received` (UTC). */
function offset(timezone: string, reading: string, received = reading): number | undefined {
  return zoneOffset(timezone, Date.parse(`${reading}Z`), Date.parse(`${received}Z`))
}

test('the seasons of a zone', async (t) => {
  t.equal(offset('Europe/Berlin', '2026-01-15T12:00:00'), 60)
  t.equal(offset('Europe/Berlin', '2026-07-15T12:00:00'), 120)
  t.equal(offset('America/New_York', '2026-01-15T12:00:00'), -300)
  t.equal(offset('America/New_York', '2026-07-15T12:00:00'), -240)
  t.equal(offset('Asia/Kathmandu', '2026-07-15T12:00:00'), 345)
  t.equal(offset('UTC', '2026-07-15T12:00:00'), 0)
})

test('either side of a change', async (t) => {
  // Berlin, 29 March 2026: 02:00 becomes 03:00.
  t.equal(offset('Europe/Berlin', '2026-03-29T01:59:59'), 60)
  t.equal(offset('Europe/Berlin', '2026-03-29T03:00:00'), 120)
  // 25 October 2026: 03:00 becomes 02:00.
  t.equal(offset('Europe/Berlin', '2026-10-25T01:59:59'), 120)
  t.equal(offset('Europe/Berlin', '2026-10-25T03:00:00'), 60)
})

test('a reading that no clock showed is one of a clock not yet set', async (t) => {
  t.equal(offset('Europe/Berlin', '2026-03-29T02:30:00'), 60)
})

test('an hour that happens twice is the one nearer to the receive time', async (t) => {
  t.equal(offset('Europe/Berlin', '2026-10-25T02:30:00', '2026-10-25T00:30:01'), 120)
  t.equal(offset('Europe/Berlin', '2026-10-25T02:30:00', '2026-10-25T01:30:01'), 60)
  // Lord Howe sets its clock back by half an hour, 5 April 2026, from +11:00 at 02:00 to 01:30.
  t.equal(offset('Australia/Lord_Howe', '2026-04-05T01:45:00', '2026-04-04T14:45:01'), 660)
  t.equal(offset('Australia/Lord_Howe', '2026-04-05T01:45:00', '2026-04-04T15:15:01'), 630)
  t.equal(offset('Australia/Lord_Howe', '2026-04-05T01:29:00', '2026-04-04T15:15:01'), 660)
})

test('fixed offsets', async (t) => {
  t.equal(offset('+02:00', '2026-07-15T12:00:00'), 120)
  t.equal(offset('-0330', '2026-07-15T12:00:00'), -210)
  t.equal(offset('+09', '2026-07-15T12:00:00'), 540)
})

test('a zone that does not exist', async (t) => {
  t.equal(offset('Mars/Olympus', '2026-07-15T12:00:00'), undefined)
  t.equal(offset('Mars/Olympus', '2026-07-15T12:00:00'), undefined, 'asked again')
})

test('a zone asks Intl once for a quarter of an hour', async (t) => {
  const original = Intl.DateTimeFormat.prototype.formatToParts
  let calls = 0
  Intl.DateTimeFormat.prototype.formatToParts = function (...args) {
    calls++
    return original.apply(this, args)
  }
  t.teardown(() => {
    Intl.DateTimeFormat.prototype.formatToParts = original
  })
  offset('Europe/Paris', '2026-07-15T12:00:00')
  const first = calls
  for (let second = 10; second < 60; second++) offset('Europe/Paris', `2026-07-15T12:14:${second}`)
  t.ok(first > 0)
  t.equal(calls, first)
})
