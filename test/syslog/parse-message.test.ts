import { test } from 'tap'
import type { SyslogMessage } from '../../src/syslog/message.ts'
import { parseMessage } from '../../src/syslog/parse-message.ts'

const options = { timezone: 'UTC', receivedAtMs: Date.parse('2026-11-21T18:00:05Z') }

function parse(raw: string | Buffer): SyslogMessage {
  return parseMessage(typeof raw === 'string' ? Buffer.from(raw) : raw, options)
}

test('UTF-8 in every field', async (t) => {
  const bsd = parse('<13>Nov 21 18:00:00 höst app[1]: Grüße 🎉')
  t.match(bsd, { hostname: 'höst', appName: 'app', message: 'Grüße 🎉', problems: [] })
  const raw = Buffer.from('<13>1 - höst äpp - - [a x="ü\\]"] – ö')
  const ietf = parse(raw)
  t.match(ietf, { hostname: 'höst', appName: 'äpp', structuredData: { a: { x: 'ü]' } }, message: '– ö', problems: [] })
  t.equal(raw.subarray(ietf.messageStart, ietf.messageEnd).toString(), '– ö', 'offsets are of bytes')
  t.equal(raw.subarray(ietf.structuredDataStart, ietf.structuredDataEnd).toString(), '[a x="ü\\]"]')
})

test('Latin-1 is shown as well as it can be, and marked', async (t) => {
  const raw = Buffer.from('<13>Nov 21 18:00:00 host app: Gr\u00fc\u00dfe', 'latin1')
  const parsed = parse(raw)
  t.match(parsed, { hostname: 'host', appName: 'app', message: 'Gr\ufffd\ufffde', problems: ['not_utf8'] })
  t.equal(raw.subarray(parsed.messageStart, parsed.messageEnd).toString('latin1'), 'Gr\u00fc\u00dfe', 'the bytes can be had')
})

test('line ends and NULs behind the message are framing', async (t) => {
  for (const end of ['\n', '\r\n', '\0', '\n\0', '\n\n']) t.equal(parse(`<13>Nov 21 18:00:00 host app: text${end}`).message, 'text')
  t.equal(parse('<13>Nov 21 18:00:00 host app: a\nb\0c\u0007 ').message, 'a\nb\0c\u0007 ', 'inside they are text')
})

test('marks alone name no host and no task before what Cisco writes', async (t) => {
  for (const text of [
    'app: :: %ASA-6-302013: x',
    '%ASA-6-302013: ::.1795284000.5 x',
    '-: %ASA-6-302013: x',
    'app: task:: %ASA-6-302013: x',
  ]) {
    t.match(parse(text), { hostname: undefined, appName: undefined, message: text }, text)
  }
  t.match(parse('fe80::: *task1: %APF-3-X: x'), { hostname: 'fe80::', appName: '*task1', message: '%APF-3-X: x' })
})

test('a byte order mark before the PRI or the message', async (t) => {
  t.match(parse('\ufeff<13>Nov 21 18:00:00 host app: text'), { priority: 13, appName: 'app', message: 'text', problems: [] })
  t.match(parse('<13>Nov 21 18:00:00 host app: \ufefftext'), { message: 'text' })
  t.match(parse('<13>1 - - - - - - \ufeff\ufefftext'), { message: '\ufefftext' })
})

test('priorities', async (t) => {
  t.match(parse('<0>x'), { priority: 0, facility: 0, severity: 0 })
  t.match(parse('<191>x'), { priority: 191, facility: 23, severity: 7 })
  t.match(parse('<013>x'), { priority: 13, message: 'x' })
  for (const raw of ['<192>x', '<999>x', '<1000>x', '<9999999999>x']) {
    t.match(parse(raw), { priority: undefined, message: 'x', problems: ['priority_out_of_range', 'no_timestamp'] }, raw)
  }
  for (const raw of ['<>x', '<', '<1', '<13', '<-1>x', '<1 3>x', '<13 x', '<xml/>', '<99999999999>x']) {
    t.match(parse(raw), { priority: undefined, message: raw, problems: ['bad_priority'] }, raw)
  }
})

test('words that are no hostname begin the message', async (t) => {
  for (const text of [
    'a=b c',
    '{"a": 1}',
    '"quoted" text',
    '12:30 text',
    '18:00:00 text',
    'http://x y',
    'a:b c',
    'a:b%c d',
    '- text',
    '[1] x',
    `${'h'.repeat(256)} x`,
  ]) {
    t.match(parse(`<13>Nov 21 18:00:00 ${text}`), { hostname: undefined, appName: undefined, message: text }, text)
  }
})

test('the last word is the message, whatever it looks like', async (t) => {
  t.match(parse('<13>Nov 21 18:00:00 hello'), { hostname: undefined, message: 'hello' })
  t.match(parse('<13>Nov 21 18:00:00 host app:'), { hostname: 'host', appName: 'app', message: '' })
})

test('tags too long stay in the message', async (t) => {
  const tag = 't'.repeat(48)
  t.match(parse(`<13>Nov 21 18:00:00 host ${tag}: text`), { appName: tag, message: 'text' })
  t.match(parse(`<13>Nov 21 18:00:00 host ${tag}t: text`), { appName: undefined, message: `${tag}t: text` })
  const pid = '1'.repeat(128)
  t.match(parse(`<13>Nov 21 18:00:00 host app[${pid}]: text`), { procId: pid, message: 'text' })
  t.match(parse(`<13>Nov 21 18:00:00 host app[${pid}1]: text`), { procId: undefined, message: `app[${pid}1]: text` })
  t.match(parse('<13>Nov 21 18:00:00 host 12[3]: text'), { appName: '12', procId: '3', message: 'text' })
  t.match(parse('<13>Nov 21 18:00:00 host 12: text'), { appName: undefined, message: '12: text' })
  t.match(parse('<13>Nov 21 18:00:00 host -[3]: text'), { appName: undefined, message: '-[3]: text' })
  t.match(parse('<13>Nov 21 18:00:00 host app[-]: text'), { appName: 'app', procId: undefined, message: 'text' })
  t.match(parse('<13>Nov 21 18:00:00 host app[]: text'), { appName: 'app', procId: undefined, message: 'text' })
})

test('binary junk and 64 KiB', async (t) => {
  const junk = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
  t.match(parse(junk), { message: junk.toString('utf8'), problems: ['no_priority', 'no_timestamp', 'not_utf8'] })
  const long = 'x'.repeat(64 * 1024)
  t.equal(parse(`<13>Nov 21 18:00:00 host app: ${long}`).message, long)
})
