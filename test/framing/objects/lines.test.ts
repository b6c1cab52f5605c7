import { test } from 'tap'
import { MessageFlag } from '../../../src/core/batch.ts'
import { headBytes } from '../../../src/framing/objects/object-head.ts'
import { opened, split } from './split.ts'

test('lines end with LF or CR LF, and the last one with the object', async (t) => {
  t.same(split('lines', 'a\nb\r\n\n\r\nc').texts, ['a', 'b', 'c'])
  t.match(split('lines', 'a\nb\r\n\n\r\nc').counts, { empty: 2, cutOff: 0, headers: 0 })
  t.same(split('lines', 'a\nc\r').texts, ['a', 'c'])
  t.same(split('lines', 'a\n').texts, ['a'])
  t.same(split('lines', '').texts, [])
  t.match(split('lines', 'a\nc').messages, [{ flags: 0 }, { flags: 0 }], 'the last line is whole')
})

test('AWS formats of one record a line are lines', async (t) => {
  for (const format of ['waf', 'alb', 'nlb', 's3_access', 'vpc_flow', 'auto'] as const)
    t.same(split(format, '{"a":1}\n# x\n').texts, ['{"a":1}', '# x'], format)
})

test('lines that are too long', async (t) => {
  const limits = { maxMessageBytes: 5, whenTooLong: 'truncate' } as const
  // Blank lines before, so that the chunks reach what splits them.
  const object = `${'\n'.repeat(headBytes)}${'x'.repeat(20)}\nshort\n${'y'.repeat(20)}`
  for (const sizes of [[], [1], [3, 9]]) {
    const cut = split('lines', object, sizes, limits)
    t.same(cut.messages, [
      { text: 'xxxxx', flags: MessageFlag.truncated },
      { text: 'short', flags: 0 },
      { text: 'yyyyy', flags: MessageFlag.truncated },
    ])
    t.match(cut.counts, { truncated: 2, tooLong: 0 })
    const refused = split('lines', object, sizes, { maxMessageBytes: 5, whenTooLong: 'reject' })
    t.same(refused.texts, ['short'])
    t.match(refused.counts, { truncated: 0, tooLong: 2 })
  }
})

test('a break inside a line that is too long: its beginning does not come twice, its rest not at all', async (t) => {
  const limits = { maxMessageBytes: 5, whenTooLong: 'truncate' } as const
  const first = opened('lines', limits)
  // Long enough that the object is told from its beginning.
  const object = Buffer.from(`a\n${'x'.repeat(10_000)}\nb\n`)
  first.splitter.push(object.subarray(0, 9000), first.out)
  const { resume } = first.splitter
  t.match(resume, { offset: 9000, messages: 2 })
  const second = opened('lines', limits, resume)
  t.equal(second.splitter.atBoundary, false)
  second.splitter.push(object.subarray(9000), second.out)
  t.equal(second.splitter.resume.offset, object.length)
  t.equal(second.splitter.resume.messages, 3)
  t.equal(second.splitter.atBoundary, true)
})

test('a byte order mark is no part of the first line', async (t) => {
  for (const sizes of [[], [1]]) t.same(split('lines', Buffer.from('\ufeffa\nb'), sizes).texts, ['a', 'b'])
  t.same(split('auto', Buffer.from('\ufeff{"Records":[{"a":1}]}')).texts, ['{"a":1}'])
})

test('comments of CloudFront are headers wherever they stand', async (t) => {
  const object = '#Version: 1.0\n#Fields: date time\r\na #1\n#Version: 1.0\nb\n#end'
  for (const sizes of [[], [1], [14]]) {
    for (const format of ['cloudfront', 'auto'] as const) {
      const { texts, counts, splitter } = split(format, object, sizes)
      t.same(texts, ['a #1', 'b'])
      t.match(counts, { headers: 4, empty: 0 })
      t.equal(splitter.header, 'date time')
    }
    const late = split('cloudfront', '\n'.repeat(headBytes) + object, sizes)
    t.same(late.texts, ['a #1', 'b'])
    t.match(late.counts, { headers: 4 })
  }
})

test('the first line of VPC flow logs names the fields', async (t) => {
  const custom = 'vpc-id srcaddr dstaddr encryption-status'
  for (const header of ['version account-id interface-id srcaddr', custom]) {
    for (const format of ['vpc_flow', 'auto'] as const) {
      for (const end of ['\n', '\r\n']) {
        const { texts, counts, splitter } = split(format, `${header}${end}2 1 eni-1 10.0.0.1${end}2 1 eni-1 10.0.0.2`, [1, 7])
        t.same(texts, ['2 1 eni-1 10.0.0.1', '2 1 eni-1 10.0.0.2'])
        t.match(counts, { headers: 1, empty: 0 })
        t.equal(splitter.header, header)
      }
    }
  }
  t.same(split('vpc_flow', custom).texts, [], 'an object of a header alone')
  t.same(split('vpc_flow', '2 1 eni-1 - ACCEPT OK\n').texts, ['2 1 eni-1 - ACCEPT OK'], 'no header')
  t.same(split('auto', 'start\nbytes end\n').texts, ['start', 'bytes end'], 'words of any text')
})

test('the header is known behind a break', async (t) => {
  const object = Buffer.from(`version account-id srcaddr\n${'2 1 10.0.0.1\n'.repeat(1000)}`)
  const first = opened('auto')
  first.splitter.push(object.subarray(0, 10_000), first.out)
  const second = opened('auto', undefined, first.splitter.resume)
  t.equal(second.splitter.header, 'version account-id srcaddr')
  second.splitter.push(object.subarray(first.splitter.resume.offset), second.out)
  t.equal(second.splitter.resume.messages, 1000)
})
