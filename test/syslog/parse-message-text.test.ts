import { test } from 'tap'
import type { SyslogMessage } from '../../src/syslog/message.ts'
import { parseMessage } from '../../src/syslog/parse-message.ts'

const receivedAtMs = Date.parse('2026-11-21T18:00:05Z')
const devices = ['text', 'aws-cloudtrail', 'aws-vpc-flow', 'aws-elb', 'aws-cloudfront', 'aws-s3-access', 'aws-waf']

function parse(device: string, raw: string | Buffer): SyslogMessage {
  return parseMessage(Buffer.from(raw as string), { device, timezone: 'UTC', receivedAtMs })
}

test('devices without a header: the whole text is the message', async (t) => {
  const texts = [
    '{"a":1}',
    '<13>Nov 21 18:00:00 host app: text',
    '<13>1 - - - - - - x',
    '2 1 eni-1 - ACCEPT OK',
    'date=2026-11-21 time=18:00:00',
    ' a ',
    '<',
    'ü',
  ]
  for (const device of devices) {
    for (const text of texts) {
      const parsed = parse(device, text)
      t.equal(parsed.message, text)
      t.same(parsed.problems, [])
      t.match(parsed, { priority: undefined, timestamp: undefined, hostname: undefined, appName: undefined, structuredData: undefined })
      t.equal(Buffer.from(text).subarray(parsed.messageStart, parsed.messageEnd).toString(), text)
    }
  }
})

test('line ends, byte order marks and bytes that are no text are treated as everywhere', async (t) => {
  for (const device of devices) {
    t.equal(parse(device, 'text\r\n').message, 'text')
    t.equal(parse(device, '\ufefftext').message, 'text')
    t.match(parse(device, Buffer.from('Gr\xfc\xdfe', 'latin1')), { message: 'Gr\ufffd\ufffde', problems: ['not_utf8'] })
    t.same(parse(device, '\n').problems, ['empty'])
  }
})

test('other devices have headers', async (t) => {
  for (const device of ['nginx', 'textual', 'generic-rfc3164'])
    t.match(parse(device, '<13>Nov 21 18:00:00 host app: text'), { priority: 13, message: 'text' }, device)
})
