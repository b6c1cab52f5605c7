import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import type { FramingLimits, FramingMode } from '../../src/framing/create-framer.ts'
import { frame } from './frame.ts'
import { referenceFraming } from './reference-framing.ts'

const modes: readonly FramingMode[] = ['auto', 'octet-counting', 'newline', 'nul']

const body = fc.oneof(
  fc.constantFrom('<13>1 - - - - - - a', '<134>b', '<1 minute left', 'CEF:0|x', 'LEEF:2', '{"a":1}', 'text', '', '12 34', 'x7', '\0', 'é'),
  fc.string({ maxLength: 40 }),
)
const piece = fc.oneof(
  { weight: 4, arbitrary: body.map((text) => `${text.length} ${text}`) },
  { weight: 4, arbitrary: fc.tuple(body, fc.constantFrom('\n', '\r\n', '\0', '\n\0', '\r\n\0', '')).map((parts) => parts.join('')) },
  // Counts that are wrong by a few bytes or altogether.
  { weight: 3, arbitrary: fc.tuple(fc.integer({ min: 0, max: 60 }), body).map(([count, text]) => `${count} ${text}`) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.constantFrom('0', '00', '054', '99999999999', '12345678901234', '123456789012345', '999999999', '123456789', '54', '3'),
        fc.constantFrom('', ' ', '  '),
        body,
      )
      .map((parts) => parts.join('')),
  },
  { weight: 2, arbitrary: fc.constantFrom('\n', '\r', '\0', ' ', '<', '5', '5 <', '54 <1', '54 <13>', 'CE', '{') },
  { weight: 1, arbitrary: fc.tuple(body, fc.integer({ min: 1, max: 12 })).map(([text, times]) => text.repeat(times)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes).toString('latin1')) },
)
const stream = fc.array(piece, { maxLength: 14 }).map((pieces) => latin1(pieces.join('')))
const limits: fc.Arbitrary<FramingLimits> = fc.record({
  maxMessageBytes: fc.constantFrom(1, 5, 17, 30, 1000),
  whenTooLong: fc.constantFrom('truncate', 'reject'),
})
const chunkBytes = fc.array(fc.oneof(fc.constant(1), fc.integer({ min: 0, max: 40 })), { minLength: 1, maxLength: 12 })

for (const mode of modes) {
  test(`${mode}: any chunking gives the messages, flags and counts of the rules, and every byte is accounted for`, async (t) => {
    const property = fc.property(stream, chunkBytes, limits, (text, sizes, limit) => {
      const expected = referenceFraming(mode, text, limit)
      for (const chunks of [[text], Array.from(text), cut(text, sizes)]) {
        const { messages, counts } = frame(mode, chunks, limit)
        assert.deepEqual(messages, expected.messages)
        assert.deepEqual(counts, expected.counts)
      }
      const kept = expected.messages.reduce((sum, message) => sum + message.text.length, 0)
      assert.equal(kept + expected.counts.skippedBytes + expected.otherBytes, text.length)
    })
    t.doesNotThrow(() => fc.assert(property, { numRuns: 1500 }))
  })
}

/** Pieces of these lengths, in turn. */
function cut(text: string, sizes: readonly number[]): string[] {
  const chunks: string[] = []
  for (let at = 0, i = 0; at < text.length; i++) {
    const size = i % (sizes.length + 1) === sizes.length ? 1 : (sizes[i % (sizes.length + 1)] as number)
    chunks.push(text.slice(at, at + size))
    at += size
  }
  return chunks
}

function latin1(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}
