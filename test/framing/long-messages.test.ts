import { test } from 'tap'
import { MessageFlag } from '../../src/core/batch.ts'
import { newFramingCounts } from '../../src/framing/counts.ts'
import { createFramer, type FramingLimits, type FramingMode } from '../../src/framing/create-framer.ts'
import { frame, texts, writer, written } from './frame.ts'

const truncate: FramingLimits = { maxMessageBytes: 8, whenTooLong: 'truncate' }
const reject: FramingLimits = { maxMessageBytes: 8, whenTooLong: 'reject' }
const { truncated } = MessageFlag

const long: [mode: FramingMode, stream: string][] = [
  ['newline', '<13>0123456789\n<13>b\n'],
  ['newline', '<13>01234\r\r\n<13>b\n'],
  ['nul', '<13>01234\n\n\0<13>b\0'],
  ['octet-counting', '14 <13>01234567895 <13>b'],
  ['auto', '<13>01234\n<13>b\n'],
  ['auto', '9 <13>012345 <13>b'],
]

test('truncate: the first bytes are kept and flagged, the rest of the frame is passed over', async (t) => {
  for (const [mode, stream] of long) {
    for (const chunks of [[stream], Array.from(stream)]) {
      const { messages, counts } = frame(mode, chunks, truncate)
      const first = stream.slice(stream.indexOf('<')).slice(0, 8)
      t.strictSame(
        messages,
        [
          { text: first, flags: truncated },
          { text: '<13>b', flags: 0 },
        ],
        `${mode} ${JSON.stringify(stream)}`,
      )
      t.strictSame(counts, { ...newFramingCounts(), truncated: 1 })
    }
  }
})

test('reject: nothing of it is kept', async (t) => {
  for (const [mode, stream] of long) {
    for (const chunks of [[stream], Array.from(stream)]) {
      const { messages, counts } = frame(mode, chunks, reject)
      t.strictSame(messages, [{ text: '<13>b', flags: 0 }], `${mode} ${JSON.stringify(stream)}`)
      t.strictSame(counts, { ...newFramingCounts(), tooLong: 1 })
    }
  }
})

test('the limit is for the message: its terminator does not count', async (t) => {
  for (const [mode, stream] of [
    ['newline', '<13>0123\r\n'],
    ['nul', '<13>0123\r\n\0'],
    ['octet-counting', '8 <13>0123\n'],
    ['auto', '<13>0123\r\n'],
  ] as const) {
    for (const chunks of [[stream], Array.from(stream)]) t.strictSame(texts(mode, chunks, reject), ['<13>0123'], mode)
  }
})

test('cut off by the connection as well: what was kept is only truncated, what was not yet too long only cut off', async (t) => {
  t.strictSame(frame('newline', ['0123456789'], truncate).messages, [{ text: '01234567', flags: truncated }])
  t.strictSame(frame('octet-counting', ['10 012345678'], truncate).messages, [{ text: '01234567', flags: truncated }])
  t.strictSame(frame('octet-counting', ['10 0123'], truncate).messages, [{ text: '0123', flags: MessageFlag.cutOff }])
  t.strictSame(frame('octet-counting', ['10 0123'], reject).messages, [])
  t.strictSame(frame('newline', ['012345678'], reject).counts, { ...newFramingCounts(), tooLong: 1 })
})

const limits: FramingLimits = { maxMessageBytes: 65_536, whenTooLong: 'truncate' }
const tenMegabytes = 10 * 2 ** 20

test('10 MB in one message: the rest is not held', async (t) => {
  const piece = Buffer.alloc(4096, 'x')
  for (const [mode, begin, end, first] of [
    ['newline', '', '\nnext\n', 65_536],
    ['nul', '', '\0next\0', 65_536],
    ['auto', '', '\nnext\n', 65_536],
    ['auto', `${tenMegabytes + 4} <13>`, '4 next', 65_536],
    ['octet-counting', `${tenMegabytes} `, '4 next', 65_536],
    ['octet-counting', 'no count ', '\n4 next', undefined],
  ] as const) {
    const framer = createFramer(mode, limits, newFramingCounts())
    const out = writer()
    const before = process.memoryUsage().arrayBuffers
    framer.push(Buffer.from(begin), out)
    for (let sent = 0; sent < tenMegabytes; sent += piece.length) framer.push(piece, out)
    // Includes what growing threw away and the memory of a large batch; only collections could make it less.
    t.ok(process.memoryUsage().arrayBuffers - before < tenMegabytes / 5, `${mode} ${begin}`)
    framer.push(Buffer.from(end), out)
    t.strictSame(
      written(out).map((message) => message.text.length),
      first === undefined ? [4] : [first, 4],
      'and the next message is found',
    )
  }
})

test('10,000 idle connections hold nothing', async (t) => {
  const out = writer()
  const before = process.memoryUsage().arrayBuffers
  const framers = Array.from({ length: 10_000 }, () => createFramer('auto', limits, newFramingCounts()))
  for (const framer of framers) framer.push(Buffer.from('<13>a\n5'), out)
  t.equal(out.messages, framers.length)
  t.ok(process.memoryUsage().arrayBuffers - before < 2 ** 20)
})
