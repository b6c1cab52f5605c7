import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import type { FramingLimits } from '../../../src/framing/create-framer.ts'
import { headBytes } from '../../../src/framing/objects/object-head.ts'
import type { ObjectFormat } from '../../../src/framing/objects/record-splitter.ts'
import { opened, padded, split, splitWithBreaks } from './split.ts'

/** As many bytes as the head has, and no message: breaks before them all lead back to the beginning. */
const padding = '\n'.repeat(headBytes)
const sizes = fc.array(fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 60 }), fc.constant(headBytes)), { minLength: 1, maxLength: 8 })
const breaks = fc.array(fc.boolean(), { minLength: 1, maxLength: 8 })
const limits: fc.Arbitrary<FramingLimits> = fc.record({
  maxMessageBytes: fc.constantFrom(1, 5, 12, 30, 1000),
  whenTooLong: fc.constantFrom('truncate', 'reject'),
})

const large: FramingLimits = { maxMessageBytes: 1_000_000, whenTooLong: 'truncate' }

const word = fc.oneof(
  fc.constantFrom('', 'a', '#', '#Fields: a', ' ', '\r', 'a#b#', '##', 'version account-id srcaddr', '{}', 'é'),
  fc.string({ maxLength: 40 }),
)
const lines = fc.array(
  fc.tuple(word, fc.constantFrom('\n', '\r\n', '\n\n')).map((parts) => parts.join('')),
  { maxLength: 12 },
)
const text = fc.tuple(lines, word).map(([all, last]) => latin1(all.join('') + last))

const record = fc.oneof(
  fc.constantFrom('{}', '{"a":"]}\\\\"}', '{"b":[{"c":"\\""}]}'),
  fc.dictionary(fc.string({ maxLength: 5 }), fc.json({ maxDepth: 1 })).map((value) => JSON.stringify(value)),
)
const space = fc.constantFrom('', ' ', '\n', '\r\n\t')
const document = fc
  .tuple(fc.array(record, { maxLength: 8 }), space, fc.constantFrom('', '"x":[1,{"Records":[{}]}],', '"y":"Records\\":[",'))
  .map(([all, gap, before]) => ({
    records: all.map(latin1),
    json: latin1(`{${gap}${before}"Records"${gap}:${gap}[${gap}${all.join(`${gap},${gap}`)}${gap}]${gap},"after":[]}`),
  }))
const bare = fc
  .tuple(fc.array(record, { maxLength: 8 }), space)
  .map(([all, gap]) => ({ records: all.map(latin1), json: latin1(`[${gap}${all.join(`,${gap}`)}]`) }))
const cloudtrail = fc.array(fc.oneof({ weight: 3, arbitrary: document }, bare), { minLength: 1, maxLength: 3 }).map((all) => ({
  records: all.flatMap(({ records }) => records),
  json: all.map(({ json }) => json).join('\n'),
}))

for (const format of ['lines', 'cloudfront', 'auto', 'vpc_flow'] satisfies ObjectFormat[]) {
  test(`${format}: any chunks and breaks give the messages of the whole, once each`, async (t) => {
    const property = fc.property(text, fc.boolean(), sizes, breaks, limits, (body, long, chunks, cuts, limit) => {
      const object = long && format !== 'vpc_flow' ? padding + body : body
      const expected = split(format, object, [], limit)
      const chunked = split(format, object, chunks, limit)
      assert.deepEqual(chunked.messages, expected.messages)
      assert.deepEqual(chunked.counts, expected.counts)
      assert.deepEqual(splitWithBreaks(format, object, chunks, cuts, limit).messages, expected.messages)
    })
    t.doesNotThrow(() => fc.assert(property, { numRuns: 400 }))
  })
}

test('lines: what comes out is what stands between the line feeds', async (t) => {
  const property = fc.property(text, sizes, (body, chunks) => {
    const expected = body
      .replace(/^\xef\xbb\xbf/, '')
      .split('\n')
      .map((line) => line.replace(/\r$/, ''))
    assert.deepEqual(
      split('lines', body, chunks).texts,
      expected.filter((line) => line !== ''),
    )
  })
  t.doesNotThrow(() => fc.assert(property, { numRuns: 400 }))
})

test('cloudtrail: any chunks and breaks give the records as they were written, once each', async (t) => {
  const property = fc.property(cloudtrail, fc.boolean(), sizes, breaks, ({ records, json }, long, chunks, cuts) => {
    const object = long ? padded(json) : json
    assert.deepEqual(split('cloudtrail', object, chunks, large).texts, records)
    const broken = splitWithBreaks('cloudtrail', object, chunks, cuts, large)
    assert.deepEqual(broken.texts, records)
    assert.equal(broken.counts.headers, 0)
  })
  t.doesNotThrow(() => fc.assert(property, { numRuns: 400 }))
})

test('cloudtrail: limits are the same for any chunks and breaks', async (t) => {
  const property = fc.property(cloudtrail, sizes, breaks, limits, ({ json }, chunks, cuts, limit) => {
    const object = padded(json)
    const expected = split('cloudtrail', object, [], limit)
    const chunked = split('cloudtrail', object, chunks, limit)
    assert.deepEqual(chunked.messages, expected.messages)
    assert.deepEqual(chunked.counts, expected.counts)
    assert.deepEqual(splitWithBreaks('cloudtrail', object, chunks, cuts, limit).messages, expected.messages)
  })
  t.doesNotThrow(() => fc.assert(property, { numRuns: 300 }))
})

test('a resume point is behind the last message after each push', async (t) => {
  const line = 'x'.repeat(99)
  const object = Buffer.from(`${line}\n`.repeat(300))
  const { splitter, out } = opened('auto')
  for (let at = 0; at < object.length; at += 250) {
    splitter.push(object.subarray(at, at + 250), out)
    const told = at + 250 < headBytes ? 0 : Math.floor((at + 250) / 100)
    if (splitter.resume.messages !== told || splitter.resume.offset !== told * 100) t.fail(`${at}: ${JSON.stringify(splitter.resume)}`)
  }
  t.equal(splitter.resume.state, '{"format":"lines"}')
})

test('a state that no splitter wrote is a failure', async (t) => {
  for (const state of [
    undefined,
    '',
    'x',
    '1',
    'null',
    '{}',
    '{"format":"auto"}',
    '{"format":"lines","place":1}',
    '{"format":"lines","header":1}',
  ])
    t.match(
      opened('auto', undefined, { offset: 5, messages: 1, ...(state !== undefined && { state }) }).splitter.failure,
      /was read in part/,
    )
})

function latin1(value: string): string {
  return Buffer.from(value).toString('latin1')
}
