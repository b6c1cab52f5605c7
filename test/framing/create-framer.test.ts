import { test } from 'tap'
import { MessageFlag } from '../../src/core/batch.ts'
import { newFramingCounts } from '../../src/framing/counts.ts'
import { createFramer, type FramingMode } from '../../src/framing/create-framer.ts'
import { frame, roomy, texts, writer, written } from './frame.ts'

const { cutOff } = MessageFlag

test('newline: LF ends a message, one CR before it goes, other bytes stay', async (t) => {
  t.strictSame(texts('newline', ['<13>a\n<13>b\r\n<13>c\r\r\n12 x\0y\n']), ['<13>a', '<13>b', '<13>c\r', '12 x\0y'])
  t.strictSame(texts('newline', ['<13>a\r', '\n<13>b', '\r\n']), ['<13>a', '<13>b'], 'across chunks')
})

test('nul: NUL ends a message, one line end before it goes, line feeds inside stay', async (t) => {
  t.strictSame(texts('nul', ['one\ntwo\0three\n\0four\r\n\0five\r\0six\n\n\0']), ['one\ntwo', 'three', 'four', 'five', 'six\n'])
  t.strictSame(texts('nul', ['a\r', '\n', '\0b\n', '\0']), ['a', 'b'], 'across chunks')
})

test('octet-counting: the count says where a message ends, whatever is in it', async (t) => {
  t.strictSame(texts('octet-counting', ['7 <13>a\nb4 12 x5 \0\r\n  ']), ['<13>a\nb', '12 x', '\0\r\n  '])
  t.strictSame(texts('octet-counting', ['5 abcd\n']), ['abcd\n'], 'a counted line feed belongs to the message')
})

test('octet-counting: terminators that some senders put behind a frame are no frames and not skipped', async (t) => {
  const { messages, counts } = frame('octet-counting', ['5 <13>a\n5 <13>b\r\n5 <13>c\0\n\n5 <13>d\n'])
  t.strictSame(
    messages.map((message) => message.text),
    ['<13>a', '<13>b', '<13>c', '<13>d'],
  )
  t.strictSame(counts, newFramingCounts())
})

test('frames without a byte are counted, not passed on', async (t) => {
  for (const [mode, stream] of [
    ['newline', '\n\r\na\n\n'],
    ['nul', '\0\n\0a\0\r\n\0'],
    ['octet-counting', '0 0 1 a0 '],
    ['auto', '\n\0a\n\r\n'],
  ] as const) {
    const { messages, counts } = frame(mode, [stream])
    t.strictSame(messages, [{ text: 'a', flags: 0 }], mode)
    t.strictSame(counts, { ...newFramingCounts(), empty: 3 }, mode)
  }
})

test('what the end of the connection cuts is kept and flagged', async (t) => {
  for (const [mode, stream, text] of [
    ['newline', 'a\nbc', 'bc'],
    ['newline', 'a\nbc\r', 'bc'],
    ['nul', 'a\0bc', 'bc'],
    ['octet-counting', '1 a5 bc', 'bc'],
    ['auto', 'a\nbc', 'bc'],
    ['auto', 'a\n54 <1', '54 <1'],
    ['auto', '1 {\n54 <13>c', '<13>c'],
  ] as const) {
    const { messages, counts } = frame(mode, [stream])
    t.strictSame(messages.at(-1), { text, flags: cutOff }, `${mode} ${JSON.stringify(stream)}`)
    t.strictSame(counts, { ...newFramingCounts(), cutOff: 1 })
  }
})

test('a count with nothing behind it is skipped at the end of the connection', async (t) => {
  for (const header of ['5', '54', '54 ']) {
    const { messages, counts } = frame('octet-counting', [`1 a${header}`])
    t.strictSame(messages, [{ text: 'a', flags: 0 }])
    t.strictSame(counts, { ...newFramingCounts(), skippedBytes: header.length })
  }
})

test('atBoundary is true exactly between frames', async (t) => {
  const steps: [FramingMode, [string, boolean][]][] = [
    [
      'newline',
      [
        ['', true],
        ['a', false],
        ['b\n', true],
        ['a\nb', false],
        ['\n', true],
      ],
    ],
    [
      'octet-counting',
      [
        ['', true],
        ['5', false],
        [' ', false],
        ['abcd', false],
        ['e', true],
        ['\n', true],
      ],
    ],
    [
      'auto',
      [
        ['<', false],
        ['13>a\n', true],
        ['5', false],
        [' <1', false],
        ['3>b', true],
        ['\n', true],
      ],
    ],
  ]
  for (const [mode, pushes] of steps) {
    const framer = createFramer(mode, roomy, newFramingCounts())
    const out = writer()
    for (const [text, expected] of pushes) {
      framer.push(Buffer.from(text), out)
      t.equal(framer.atBoundary, expected, `${mode} after ${JSON.stringify(text)}`)
    }
    framer.push(Buffer.from('x'), out)
    framer.end(out)
    t.ok(framer.atBoundary, 'at the end')
  }
})

test('a message is passed on as soon as its last byte is there', async (t) => {
  for (const [mode, first] of [
    ['newline', '<13>a\n'],
    ['nul', '<13>a\0'],
    ['octet-counting', '5 <13>a'],
    ['auto', '<13>a\n'],
    ['auto', '<13>a\0'],
    ['auto', '5 <13>a'],
  ] as const) {
    const out = writer()
    createFramer(mode, roomy, newFramingCounts()).push(Buffer.from(first), out)
    t.strictSame(written(out), [{ text: '<13>a', flags: 0 }], `${mode} ${JSON.stringify(first)}`)
  }
})

test('one chunk may hold any number of messages', async (t) => {
  const lines = Array.from({ length: 5000 }, (_, i) => `<13>${i}`)
  t.strictSame(texts('newline', [lines.map((line) => `${line}\n`).join('')]), lines)
  t.strictSame(texts('auto', [lines.map((line) => `${line.length} ${line}`).join('')]), lines)
})
