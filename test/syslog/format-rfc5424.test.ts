import { test } from 'tap'
import type { Origin } from '../../src/core/batch.ts'
import { formatRfc5424 } from '../../src/syslog/format-rfc5424.ts'
import { parseMessage } from '../../src/syslog/parse-message.ts'

const receivedAtMs = Date.parse('2026-11-21T18:00:05.250Z')
const origin: Origin = { peer: '192.0.2.1', port: 5140, transport: 'udp' }

function rewrite(raw: string | Buffer, from?: Origin): Buffer {
  const bytes = typeof raw === 'string' ? Buffer.from(raw) : raw
  return formatRfc5424(parseMessage(bytes, { timezone: 'UTC', receivedAtMs }), bytes, { receivedAtMs, origin: from })
}

function rewritten(raw: string, from?: Origin): string {
  return rewrite(raw, from).toString()
}

test('a BSD message', async (t) => {
  t.equal(rewritten('<34>Oct 11 22:14:15 host su[7]: text', origin), '<34>1 2026-10-11T22:14:15Z host su 7 - [origin ip="192.0.2.1"] text')
})

test('nothing known: defaults', async (t) => {
  t.equal(rewritten('text'), '<13>1 2026-11-21T18:00:05.250Z - - - - - text')
  t.equal(rewritten(''), '<13>1 2026-11-21T18:00:05.250Z - - - - -')
  t.equal(rewritten('<999>text'), '<13>1 2026-11-21T18:00:05.250Z - - - - - text')
})

test('times have six digits at most', async (t) => {
  t.equal(rewritten('<13>1 2026-11-21T18:00:00.123456789+01:00 - - - - - x'), '<13>1 2026-11-21T18:00:00.123456+01:00 - - - - - x')
  t.equal(rewritten('<13>1 2026-11-21T18:00:00.1234567Z - - - - - x'), '<13>1 2026-11-21T18:00:00.123456Z - - - - - x')
  t.equal(rewritten('<13>1 2026-11-21T18:00:00.123456Z - - - - - x'), '<13>1 2026-11-21T18:00:00.123456Z - - - - - x')
  t.equal(rewritten('<13>1 2026-11-21T18:00:00-05:00 - - - - - x'), '<13>1 2026-11-21T18:00:00-05:00 - - - - - x')
})

test('header fields are printable ASCII of a bounded length', async (t) => {
  const raw = `<13>1 - höst ${'a'.repeat(49)} ${'p'.repeat(129)} ${'m'.repeat(33)} - x`
  t.equal(rewritten(raw), `<13>1 2026-11-21T18:00:05.250Z h?st ${'a'.repeat(48)} ${'p'.repeat(128)} ${'m'.repeat(32)} - x`)
  t.match(rewritten(`<13>1 - ${'h'.repeat(300)} a - - - x`), ` ${'h'.repeat(255)} a `)
})

test('valid structured data stays as it is, byte for byte', async (t) => {
  const data = '[a@1 x="\\n \\] ü" x="2"][b]'
  t.equal(rewritten(`<13>1 - - - - - ${data} x`), `<13>1 2026-11-21T18:00:05.250Z - - - - ${data} x`)
  t.equal(rewritten(`<13>1 - - - - - ${data}`, origin), `<13>1 2026-11-21T18:00:05.250Z - - - - ${data}[origin ip="192.0.2.1"]`)
})

test('an origin that is there takes the address, once', async (t) => {
  const data = (before: string) => rewritten(`<13>1 - - - - - ${before} x`, origin).slice('<13>1 2026-11-21T18:00:05.250Z - - - - '.length)
  t.equal(data('[origin software="x"][b]'), '[origin software="x" ip="192.0.2.1"][b] x')
  t.equal(data('[origin ip="10.0.0.1"]'), '[origin ip="10.0.0.1" ip="192.0.2.1"] x')
  t.equal(data('[origin ip="192.0.2.1"]'), '[origin ip="192.0.2.1"] x')
  t.equal(data('[b ip="192.0.2.1"][origin]'), '[b ip="192.0.2.1"][origin ip="192.0.2.1"] x')
})

test('structured data against the letter is put right', async (t) => {
  const data = (before: string) => rewritten(`<13>1 - - - - - ${before} x`).slice('<13>1 2026-11-21T18:00:05.250Z - - - - '.length)
  t.equal(data('[a x="[1]ü"]'), '[a x="[1\\]ü"] x')
  t.equal(data('[a x="1"][a y="2"]'), '[a x="1" y="2"] x')
  t.equal(data('[a x="1" ]'), '[a x="1"] x')
  t.equal(data(`[${'n'.repeat(40)} ${'p'.repeat(40)}="1"]`), `[${'n'.repeat(32)} ${'p'.repeat(32)}="1"] x`)
  const latin1 = rewrite(Buffer.from('<13>1 - - - - - [a x="\u00fc"] x', 'latin1'))
  t.equal(latin1.toString(), '<13>1 2026-11-21T18:00:05.250Z - - - - [a x="\ufffd"] x', 'PARAM-VALUE must be UTF-8')
})

test('a Cisco counter is the sequenceId', async (t) => {
  t.equal(
    rewritten('<189>001234: Nov 21 18:00:00: %SYS-5-X: x', origin),
    '<189>1 2026-11-21T18:00:00Z - - - - [origin ip="192.0.2.1"][meta sequenceId="1234"] %SYS-5-X: x',
  )
  t.equal(rewritten('<189>0: %SYS-5-X: x'), '<189>1 2026-11-21T18:00:05.250Z - - - - - %SYS-5-X: x')
  t.equal(rewritten('<189>2147483648: %SYS-5-X: x'), '<189>1 2026-11-21T18:00:05.250Z - - - - - %SYS-5-X: x')
})

test('a byte order mark says UTF-8 where ASCII does not do', async (t) => {
  t.equal(rewritten('<13>Nov 21 18:00:00 host app: ü'), '<13>1 2026-11-21T18:00:00Z host app - - - \ufeffü')
  t.equal(rewritten('<13>1 - - - - - - \ufeffu'), '<13>1 2026-11-21T18:00:05.250Z - - - - - u')
})

test('a byte order mark of the message itself is there for whoever reads it again', async (t) => {
  const bytes = Buffer.concat([Buffer.from('<13>1 - - - - - - \ufeff\ufeff'), Buffer.from([0xff])])
  const message = Buffer.from([0xef, 0xbb, 0xbf, 0xff])
  const once = rewrite(bytes)
  const twice = rewrite(once)
  t.same(once.subarray(-7), Buffer.concat([message.subarray(0, 3), message]))
  t.same(twice, once)
})

test('a message that is no UTF-8 keeps its bytes', async (t) => {
  const out = rewrite(Buffer.from('<13>Nov 21 18:00:00 host app: Gr\u00fc\u00dfe', 'latin1'))
  t.equal(out.toString('latin1'), '<13>1 2026-11-21T18:00:00Z host app - - - Gr\u00fc\u00dfe')
})
