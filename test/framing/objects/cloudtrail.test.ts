import { test } from 'tap'
import { MessageFlag } from '../../../src/core/batch.ts'
import { padded, split } from './split.ts'

const records = ['{"eventName":"A","x":["]",{"y":"\\"}"}]}', '{ "eventName" : "B",\n "z": {} }', '{}']

test('each element of Records is a message, byte for byte', async (t) => {
  for (const sizes of [[], [1], [5, 2]]) {
    for (const format of ['cloudtrail', 'auto'] as const) t.same(split(format, `{"Records":[${records.join(',')}]}`, sizes).texts, records)
    t.same(
      split(
        'cloudtrail',
        ` {\n "a": "Records", "b": [{"Records":[{"no":1}]}], "Records" : [ ${records.join(' ,\n')} ] , "c":"]}" }\n`,
        sizes,
      ).texts,
      records,
    )
    for (const object of [`[${records.join(',')}]`, padded(`[${records.join(',')}]`)])
      t.same(split('cloudtrail', object, sizes).texts, records, 'a bare array')
    t.same(split('auto', `{"Records":[${records[0]}]}\n{"Records":[${records[1]}]}\n`, sizes).texts, records.slice(0, 2), 'two documents')
  }
})

test('what has no records has no messages', async (t) => {
  t.match(split('cloudtrail', '{"Records":[]}'), { texts: [], counts: { headers: 0 }, splitter: { failure: undefined } })
  t.match(split('cloudtrail', '{}'), { texts: [], counts: { headers: 1 }, splitter: { failure: undefined } })
  const digest = '{"awsAccountId":"1","digestEndTime":"2026-01-01T00:00:00Z","digestS3Bucket":"b","logFiles":[{"s3Bucket":"b"}]}'
  for (const format of ['cloudtrail', 'auto'] as const)
    t.match(split(format, digest, [1]), { texts: [], counts: { headers: 1 }, splitter: { failure: undefined } }, 'a digest file')
})

test('one event a line (CloudTrail Lake) are lines', async (t) => {
  const lines = ['{"eventVersion":"1.08","eventName":"A"}', '{"eventVersion":"1.08","eventName":"B"}']
  for (const sizes of [[], [1]]) {
    t.same(split('cloudtrail', lines.join('\n'), sizes).texts, lines)
    t.same(split('cloudtrail', `${lines[0]}\n`, sizes).texts, lines.slice(0, 1))
    t.same(split('cloudtrail', '{"x":1}\n{"x":2}\n', sizes).texts, ['{"x":1}', '{"x":2}'])
  }
})

test('records that are too long', async (t) => {
  const long = `{"a":"${'x'.repeat(50)}"}`
  const object = `{"Records":[${long},{"b":1},${long}]}`
  for (const sizes of [[], [1], [30]]) {
    const cut = split('cloudtrail', padded(object), sizes, { maxMessageBytes: 10, whenTooLong: 'truncate' })
    t.same(cut.messages, [
      { text: long.slice(0, 10), flags: MessageFlag.truncated },
      { text: '{"b":1}', flags: 0 },
      { text: long.slice(0, 10), flags: MessageFlag.truncated },
    ])
    t.match(cut.counts, { truncated: 2 })
    const refused = split('cloudtrail', padded(object), sizes, { maxMessageBytes: 10, whenTooLong: 'reject' })
    t.same(refused.texts, ['{"b":1}'])
    t.match(refused.counts, { tooLong: 2 })
  }
})

test('an object that ends too soon', async (t) => {
  const failures: [string, string][] = [
    ['{"Records":[{"a":1},{"b":', 'ends inside a record'],
    ['{"Records":[{"a":1},{"b":"}', 'ends inside a record'],
    ['{"Records":[{"a":1},', 'ends before its list of records does'],
    ['{"Records":[{"a":1}]', 'ends inside its JSON document'],
  ]
  for (const [object, failure] of failures) {
    for (const sizes of [[], [1]]) {
      for (const [format, bytes] of [
        ['auto', object],
        ['cloudtrail', padded(object)],
      ] as const) {
        const { texts, splitter } = split(format, bytes, sizes)
        t.equal(splitter.failure, failure)
        t.same(texts, ['{"a":1}'], 'what was whole has come')
      }
    }
  }
})

test('what is not JSON', async (t) => {
  t.equal(split('cloudtrail', '<html>').splitter.failure, 'is not JSON: it has "<" at byte 0, where a document should begin')
  t.equal(split('cloudtrail', ' \0').splitter.failure, 'is not JSON: it has 0x00 at byte 1, where a document should begin')
  for (const sizes of [[], [1]]) {
    const { texts, splitter } = split('cloudtrail', '{"Records":[{"a":1}, 17, {"b":1}]}', sizes)
    t.equal(splitter.failure, 'has "1" at byte 21, where a record should begin')
    t.same(texts, ['{"a":1}'])
    t.equal(splitter.resume.offset, 19)
  }
})
