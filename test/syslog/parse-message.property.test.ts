import { isUtf8 } from 'node:buffer'
import fc from 'fast-check'
import { test } from 'tap'
import { toEcs } from '../../src/syslog/ecs.ts'
import { formatRfc5424 } from '../../src/syslog/format-rfc5424.ts'
import type { SyslogMessage } from '../../src/syslog/message.ts'
import { parseMessage } from '../../src/syslog/parse-message.ts'
import { escapeValue } from '../../src/syslog/structured-data.ts'

const receivedAtMs = Date.parse('2026-11-21T18:00:05.250Z')
const options = { timezone: 'Europe/Berlin', receivedAtMs }

/** Pieces that headers are made of, in any order and number: what random bytes would never hit. */
const pieces = fc.constantFrom(
  ...[
    '<13>',
    '<999>',
    '<',
    '>',
    '1 ',
    ' ',
    '  ',
    ': ',
    ':',
    '-',
    '- ',
    '*',
    '.',
    '000123: ',
    'Nov 21 18:00:00',
    'Nov 31 18:00:00',
    '2026',
    ' 2026',
  ],
  ...[
    '2026-11-21T18:00:00Z ',
    '.123456789',
    ' CET',
    ' XYZ: ',
    '+01:00',
    'host ',
    'fe80::1%eth0 ',
    '2001:db8::1 ',
    'app[1]: ',
    'app: ',
    '%ASA-6-302013: ',
  ],
  ...[
    '[a x="1"]',
    '[a x="',
    '\\',
    '"',
    ']',
    '[',
    '\ufeff',
    'ü',
    '🎉',
    '\0',
    '\r\n',
    '\t',
    'CEF:0|',
    '{"a":1}',
    'date=',
    ' time=',
    'notice ',
    '1795284000.5 ',
  ],
)
const assembled = fc.array(pieces, { maxLength: 14 }).map((parts) => Buffer.from(parts.join('')))
const anyBytes = fc.oneof(
  assembled,
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc.tuple(assembled, fc.uint8Array({ maxLength: 20 })).map(([head, tail]) => Buffer.concat([head, tail])),
)

const zoned = fc.constantFrom('UTC', 'Europe/Berlin', '+05:30', 'Mars/Olympus')
const device = fc.constantFrom(undefined, 'cisco-ios', 'linux')

test('any bytes are read, and what is not header is the message', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(anyBytes, zoned, device, (bytes, timezone, type) => {
        const parsed = parseMessage(bytes, { timezone, device: type, receivedAtMs })
        const body = bytes.subarray(parsed.messageStart, parsed.messageEnd)
        if (body.toString('utf8') !== parsed.message) return false
        if (!/^[\r\n\0]*$/.test(bytes.toString('latin1', parsed.messageEnd))) return false
        return isExplained(bytes.toString('utf8', 0, parsed.messageStart), parsed)
      }),
      { numRuns: 3000 },
    ),
  )
})

/** Once the fields are taken out of the header, nothing may be left but what dates, priorities and separators are made of. */
function isExplained(header: string, parsed: SyslogMessage): boolean {
  if (parsed.version !== undefined) return true
  let rest = header.replace(/\ufeff$/, '')
  for (const field of [parsed.procId, parsed.appName, parsed.hostname]) {
    if (field === undefined) continue
    const at = rest.lastIndexOf(field)
    if (at === -1) return false
    rest = rest.slice(0, at) + rest.slice(at + field.length)
  }
  if (parsed.timestamp === undefined) return /^\ufeff?(<\d*>)?[\d\t :[\]-]*$/.test(rest)
  return /^\ufeff?(<\d*>)?(Nov|CET|XYZ|notice|[\d\t :[\]*.TtZz+-])*$/.test(rest)
}

test('any message becomes a document with an RFC 3339 time, and JSON', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const document = toEcs(parseMessage(bytes, options), bytes, { receivedAtMs })
        const again = JSON.parse(JSON.stringify(document))
        return !Number.isNaN(Date.parse(again['@timestamp'])) && again.message === document.message
      }),
      { numRuns: 1000 },
    ),
  )
})

// SYSLOG-MSG of RFC 5424 6, written down once more as an oracle.
const name = String.raw`[\x21\x23-\x3c\x3e-\x5c\x5e-\x7e]{1,32}`
const field = (max: number) => String.raw`[\x21-\x7e]{1,${max}}`
const rfc5424 = new RegExp(
  String.raw`^<(?:0|[1-9]\d?|1[0-8]\d|19[01])>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d) ${field(255)} ${field(48)} ${field(128)} ${field(32)} ` +
    String.raw`(?:-|(?:\[${name}(?: ${name}="(?:[^"\\\]]|\\[^])*")*\])+)(?: [^]*)?$`,
)

test('any message is rewritten as valid RFC 5424 and reads back the same', async (t) => {
  fc.assert(
    fc.property(anyBytes, fc.boolean(), (bytes, known) => {
      const first = parseMessage(bytes, options)
      const origin = known ? { peer: '2001:db8::7', port: 1, transport: 'udp' as const } : undefined
      const out = formatRfc5424(first, bytes, { receivedAtMs, origin })
      if (!rfc5424.test(out.toString('latin1'))) throw new Error(`not RFC 5424: ${JSON.stringify(out.toString())}`)
      const again = parseMessage(out, options)
      t.strictSame(
        [again.priority, again.message, ...headerFields(again)],
        [first.priority ?? 13, first.message, ...headerFields(first).map((value) => value?.replace(/[^\x21-\x7e]/g, '?'))],
      )
      if (first.timestamp !== undefined) t.equal(Date.parse(again.timestamp ?? ''), Date.parse(first.timestamp))
      const body = bytes.subarray(first.messageStart, first.messageEnd)
      return isUtf8(body) || out.subarray(again.messageStart).equals(body)
    }),
    { numRuns: 600 },
  )
})

function headerFields({ hostname, appName, procId, msgId }: SyslogMessage): (string | undefined)[] {
  return [hostname, appName, procId, msgId]
}

const sdName = fc.string({ unit: fc.constantFrom(...'aZ9@-_.:/'), minLength: 1, maxLength: 32 })
const sdValues = fc.dictionary(sdName, fc.string({ unit: 'grapheme' }), { maxKeys: 3, noNullPrototype: true })
const structuredData = fc.dictionary(sdName, sdValues, { minKeys: 1, maxKeys: 3, noNullPrototype: true })

test('structured data is read as it was written, and survives a rewrite', async (t) => {
  fc.assert(
    fc.property(structuredData, fc.string({ unit: 'grapheme' }), (data, text) => {
      const written = Object.entries(data).map(
        ([id, params]) =>
          `[${id}${Object.entries(params)
            .map(([key, value]) => ` ${key}="${escapeValue(value)}"`)
            .join('')}]`,
      )
      const raw = Buffer.from(`<13>1 2026-11-21T18:00:00Z host app - - ${written.join('')} ${text}x`)
      const parsed = parseMessage(raw, options)
      t.strictSame([parsed.structuredData, parsed.message, parsed.problems], [data, `${text}x`, []])
      t.strictSame(parseMessage(formatRfc5424(parsed, raw, { receivedAtMs }), options).structuredData, data)
    }),
    { numRuns: 200 },
  )
})
