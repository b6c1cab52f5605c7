import { test } from 'tap'
import { toEcs } from '../../src/syslog/ecs.ts'
import { formatRfc5424 } from '../../src/syslog/format-rfc5424.ts'
import { parseMessage } from '../../src/syslog/parse-message.ts'
import { charactersRead } from '../support/characters-read.ts'

const heads = {
  nothing: '',
  PRI: '<13>',
  date: '<13>Nov 21 18:00:00 ',
  host: '<13>Nov 21 18:00:00 host ',
  'RFC 5424 version': '<13>1 ',
  'RFC 5424 header': '<13>1 2026-11-21T18:00:00Z host app 1 - ',
  'SD value': '<13>1 2026-11-21T18:00:00Z host app 1 - [a x="',
  Fortinet: '<13>date=',
}
const repeated = [
  '<',
  '1',
  ' ',
  ':',
  ': ',
  'a',
  'A',
  'a: ',
  '[',
  ']',
  '[a]',
  '[a ',
  ' a="',
  ' a="1"',
  '"',
  '\\',
  '\\"',
  '%',
  '*',
  'Nov ',
  '2026 ',
  '1.',
  'ü',
  '\0',
  '\n',
]
const size = 16 * 1024

test('work grows no faster than the message', async (t) => {
  const superlinear: string[] = []
  for (const [name, head] of Object.entries(heads)) {
    for (const unit of repeated) {
      const work = (length: number) => {
        const raw = Buffer.from(`${head}${unit.repeat(length / unit.length)}x`)
        return charactersRead(() => {
          const parsed = parseMessage(raw, { timezone: 'UTC', receivedAtMs: 0 })
          formatRfc5424(parsed, raw, { receivedAtMs: 0, origin: { peer: '192.0.2.1', port: 1, transport: 'udp' } })
          toEcs(parsed, raw, { receivedAtMs: 0 })
        })
      }
      const [small, large] = [work(size), work(4 * size)]
      // A quadratic reader would need 16 times as much, and far more than some looks at each character.
      if (large > 4 * small + 2000 || large > 4 * size * 12) superlinear.push(`${name} + ${JSON.stringify(unit)}…: ${small}, then ${large}`)
    }
  }
  t.strictSame(superlinear, [])
  t.ok(charactersRead(() => parseMessage(Buffer.from('<13>x'), { timezone: 'UTC', receivedAtMs: 0 })) > 3, 'the count counts')
})
