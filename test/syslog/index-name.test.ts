import { test } from 'tap'
import { dataStreamName, fillDataStream, hasDate, indexNamer, indexWildcard } from '../../src/syslog/index-name.ts'

const names = { pipeline: 'Web-1', device: 'cisco-asa' }
const at = (text: string) => Date.parse(text)

test('a name without a date is one for all', async (t) => {
  t.equal(indexNamer('syslog', names), 'syslog')
  t.equal(indexNamer('syslog-{pipeline}.{device}', names), 'syslog-web-1.cisco-asa')
})

test('the date is that of the receipt, in UTC', async (t) => {
  const name = indexNamer('syslog-{pipeline}-{yyyy.MM.dd}', names) as (receivedAtMs: number) => string
  t.equal(name(at('2026-01-09T23:59:59.999Z')), 'syslog-web-1-2026.01.09')
  t.equal(name(at('2026-01-10T00:00:00Z')), 'syslog-web-1-2026.01.10')
  t.equal(name(at('2026-01-09T23:59:59.999Z')), 'syslog-web-1-2026.01.09')
  const of = (pattern: string) => (indexNamer(pattern, names) as (receivedAtMs: number) => string)(at('2026-01-09T07:05:00Z'))
  t.equal(of('a-{yyyyMMdd}'), 'a-20260109')
  t.equal(of('a-{yy.M.d}-{HH}'), 'a-26.01.09-07')
  t.equal(of('a-{yyyy}-{MM}'), 'a-2026-01')
})

test('names are as a store takes them', async (t) => {
  t.equal(indexNamer('x-{pipeline}', { pipeline: 'A b/C*?é', device: 'd' }), 'x-a_b_c___')
  t.equal((indexNamer(`${'y'.repeat(200)}{pipeline}`, { pipeline: 'p'.repeat(63), device: 'd' }) as string).length, 255)
})

test('the parts of a data stream have no dash', async (t) => {
  const filled = fillDataStream({ type: 'logs', dataset: 'logrelay.{device}', namespace: '{pipeline}' }, names)
  t.strictSame(filled, { type: 'logs', dataset: 'logrelay.cisco_asa', namespace: 'web_1' })
  t.equal(dataStreamName(filled), 'logs-logrelay.cisco_asa-web_1')
})

test('what a template matches', async (t) => {
  t.equal(indexWildcard('syslog-{pipeline}-{yyyy.MM.dd}'), 'syslog-*-*')
  t.equal(indexWildcard('syslog-{yyyy}{MM}'), 'syslog-*')
  t.equal(indexWildcard('{pipeline}-{yyyy.MM.dd}', names), 'web-1-*')
  t.equal(indexWildcard('syslog'), 'syslog')
  t.ok(hasDate('a-{yyyy}'))
  t.notOk(hasDate('a-{pipeline}-{device}'))
})
