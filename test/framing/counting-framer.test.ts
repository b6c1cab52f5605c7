import { test } from 'tap'
import { newFramingCounts } from '../../src/framing/counts.ts'
import { frame, type Result, texts } from './frame.ts'

const counted = (text: string) => `${text.length} ${text}`
const textsOf = ({ messages }: Result) => messages.map((message) => message.text)
const rfc5424 = '<34>1 2026-11-21T10:00:00Z host app - - - text'

test('auto: text that begins with digits is no octet count', async (t) => {
  for (const line of [
    '54 <1 minute left',
    '54 <1000> no PRI has four digits',
    '54 <> neither',
    '12 monkeys and a typewriter',
    '2026-11-21T10:00:00Z host app: text',
    '20261121 100000 host app: text',
    '001234: *Mar  1 00:00:01.123 UTC: %SYS-5-CONFIG_I: text',
    '1763719200.123 text',
    '1763719200123 text',
    '1 2026-11-21T10:00:00Z host app - - - version without PRI',
    '7',
    '7 ',
    '10.0.0.1 - - "GET / HTTP/1.1" 200 17',
  ]) {
    const { messages, counts } = frame('auto', [`${line}\n${line}\n`])
    t.strictSame(
      messages.map((message) => message.text),
      [line, line],
      line,
    )
    t.strictSame(counts, newFramingCounts())
  }
})

test('auto: a count is taken where a message begins behind it', async (t) => {
  for (const text of ['<13>a', '<999>a', 'CEF:0|v|p|1|2|n|3|', 'LEEF:2.0|v|p|1|2|', '{"a":1}', `${rfc5424}\nsecond line`]) {
    t.strictSame(texts('auto', [counted(text) + counted(text)]), [text, text])
  }
})

test('auto: a connection that counts may go on with any body', async (t) => {
  t.strictSame(texts('auto', [counted('<13>a') + counted('no PRI') + counted('12 monkeys\n') + counted('<13>b')]), [
    '<13>a',
    'no PRI',
    '12 monkeys\n',
    '<13>b',
  ])
})

test('auto: counted frames and lines may alternate', async (t) => {
  const stream = `${counted('<13>a')}<13>b\n${counted('<13>c')}\n<13>d\r\n12 monkeys\n${counted('<13>e\nf')}`
  t.strictSame(texts('auto', [stream]), ['<13>a', '<13>b', '<13>c', '<13>d', '12 monkeys', '<13>e\nf'])
})

test('auto: a line that is no damage is not searched for counts', async (t) => {
  for (const line of ['<13>quoting 5 <13>a and more', '1763719200123 quoting 5 <13>a and more']) {
    t.strictSame(texts('auto', [`${line}\n${line}\n`]), [line, line])
  }
})

test('auto: where the first line ends with NUL, NUL ends lines', async (t) => {
  t.strictSame(texts('auto', ['<13>a\0<13>b\0<13>c\n<13>d\0']), ['<13>a', '<13>b', '<13>c', '<13>d'])
  t.strictSame(texts('auto', ['<13>a\n<13>b\0c\n']), ['<13>a', '<13>b\0c'], 'and where it ends with LF, NUL is text')
})

test('auto: UTF-16 is not cut at each of its NULs', async (t) => {
  const line = Buffer.from('<13>text', 'utf16le').toString('latin1')
  t.strictSame(texts('auto', [`${line}\n${line}\n`]), [line, line])
})

const bad = {
  'too large': '99999999999 ',
  'nine digits': '999999999 ',
  'leading zero': `0${rfc5424.length} `,
  'no space': `${rfc5424.length}`,
  none: '',
  'binary junk': '\x80\xff\x01\x02',
}
for (const [name, header] of Object.entries(bad)) {
  test(`a bad count (${name}) costs one frame: the next good one is the way back`, async (t) => {
    const damaged = `${header}${rfc5424}`
    const stream = [counted('<13>before'), damaged, counted('<13>after'), counted('<13>last')].join('')
    for (const chunks of [[stream], Array.from(stream)]) {
      const strict = frame('octet-counting', chunks)
      t.strictSame(textsOf(strict), ['<13>before', '<13>after', '<13>last'])
      t.strictSame(strict.counts, { ...newFramingCounts(), skippedBytes: damaged.length })
      const auto = frame('auto', chunks)
      t.strictSame(textsOf(auto), ['<13>before', damaged, '<13>after', '<13>last'], 'auto keeps it')
      t.strictSame(auto.counts, newFramingCounts())
    }
  })
}

test('what stands before a good count is skipped alone', async (t) => {
  const stream = `${counted('<13>before')}+${counted('<13>after')}`
  t.strictSame(frame('octet-counting', [stream]), {
    messages: [
      { text: '<13>before', flags: 0 },
      { text: '<13>after', flags: 0 },
    ],
    counts: { ...newFramingCounts(), skippedBytes: 1 },
  })
  t.strictSame(texts('auto', [stream]), ['<13>before', '+', '<13>after'])
})

test('a count that is too small leaves a rest: the next good count is the way back', async (t) => {
  const stream = `${counted('<13>before')}7 <13>text${counted('<13>after')}`
  t.strictSame(textsOf(frame('octet-counting', [stream])), ['<13>before', '<13>tex', '<13>after'])
  t.equal(frame('octet-counting', [stream]).counts.skippedBytes, 1)
  t.strictSame(texts('auto', [stream]), ['<13>before', '<13>tex', 't', '<13>after'])
})

test('a bad count as the first bytes of a connection is survived as well', async (t) => {
  const stream = `99999999999 ${rfc5424}${counted(rfc5424)}`
  t.strictSame(texts('auto', [stream]), [`99999999999 ${rfc5424}`, rfc5424])
  t.strictSame(texts('octet-counting', [stream]), [rfc5424])
})

test('octet-counting: behind a line feed any count is the way back', async (t) => {
  const { messages, counts } = frame('octet-counting', ['garbage 4 more\n4 text4 more'])
  t.strictSame(
    messages.map((message) => message.text),
    ['text', 'more'],
  )
  t.equal(counts.skippedBytes, 'garbage 4 more'.length)
})

test('a sender that counts characters where it should count bytes loses no byte in auto', async (t) => {
  const text = Buffer.from('<13>für Ämter').toString('latin1')
  const stream = `${text.length - 2} ${text}`.repeat(3)
  t.equal(texts('auto', [stream]).join('').length, 3 * text.length)
})

test('random bytes give messages or skipped bytes, never an exception', async (t) => {
  const junk = Buffer.alloc(20_000)
  for (let i = 0, seed = 7; i < junk.length; i++) {
    seed = (seed * 48_271) % 2_147_483_647
    junk[i] = seed >> 8
  }
  const { messages, counts } = frame('octet-counting', [junk, `.${counted('<13>a')}`])
  t.strictSame(messages.at(-1), { text: '<13>a', flags: 0 })
  t.ok(counts.skippedBytes > 15_000)
  t.ok(frame('auto', [junk]).messages.length > 10)
})

test('a terminator inside a frame with a bad count does not end the search for the way back', async (t) => {
  for (const terminator of ['\n', '\0']) {
    const stream = `${counted('<13>before')}0${counted(`<13>a${terminator}<13>b`)}${counted('<13>after')}`
    t.strictSame(texts('auto', [stream]), ['<13>before', '011 <13>a', '<13>b', '<13>after'])
  }
})
