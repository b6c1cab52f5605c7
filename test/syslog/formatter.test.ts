import { test } from 'tap'
import { BatchWriter } from '../../src/batch/batch-writer.ts'
import { messagesOf } from '../../src/batch/messages.ts'
import { MessageFlag } from '../../src/core/batch.ts'
import { createFormatter } from '../../src/syslog/formatter.ts'

const receivedAtMs = Date.parse('2026-11-21T18:00:05Z')

function message(text: string, flags = 0) {
  const writer = new BatchWriter()
  writer.from({ peer: '192.0.2.1', port: 5140, transport: 'tcp' }, receivedAtMs)
  const bytes = Buffer.from(text)
  const start = writer.put(bytes, 0, bytes.length)
  writer.message(start, start + bytes.length, flags)
  const batch = writer.take()
  if (batch === undefined) throw new Error('the batch has a message')
  for (const only of messagesOf(batch)) return only
  throw new Error('the batch has a message')
}

const options = { device: 'linux', timezone: 'Europe/Berlin' }

test('raw: the very bytes', async (t) => {
  const one = message('<13>Nov 21 18:00:00 host app: text\0')
  t.equal(createFormatter('raw', options)(one), one.bytes)
})

test('rfc5424: with the sender and the zone of the source', async (t) => {
  const out = createFormatter('rfc5424', options)(message('<13>Nov 21 18:00:00 host app: text'))
  t.equal(out.toString(), '<13>1 2026-11-21T18:00:00+01:00 host app - - [origin ip="192.0.2.1"] text')
})

test('json: one line with what the receiver knows', async (t) => {
  const out = createFormatter('json', options)(message('<13>Nov 21 18:00:00 host app: a\nb', MessageFlag.cutOff)).toString()
  t.notMatch(out, '\n')
  t.match(JSON.parse(out), {
    '@timestamp': '2026-11-21T18:00:00+01:00',
    message: 'a\nb',
    source: { ip: '192.0.2.1', port: 5140 },
    network: { transport: 'tcp' },
    tags: ['cut_off'],
  })
})

test('the device type decides where the bytes do not', async (t) => {
  const debug = message('<191>Nov 21 18:00:00 HQ: AAA/BIND: text')
  const read = (device: string) => JSON.parse(createFormatter('json', { device, timezone: 'UTC' })(debug).toString()).log.syslog.appname
  t.equal(read('cisco-ios'), 'AAA/BIND')
  t.equal(read('linux'), 'HQ')
})
