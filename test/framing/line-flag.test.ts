import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { type Batch, MessageFlag } from '../../src/core/batch.ts'
import { newFramingCounts } from '../../src/framing/counts.ts'
import { createFramer, type FramingMode } from '../../src/framing/create-framer.ts'
import { roomy, writer } from './frame.ts'

const piece = fc.constantFrom('a', 'bc', '<13>', '\n', '\r\n', '\0', '5 <1>x', '3 ', '7', ' ', '\n\n', 'x'.repeat(1100))

function framed(mode: FramingMode, chunks: readonly string[]): Batch | undefined {
  const framer = createFramer(mode, roomy, newFramingCounts())
  const out = writer()
  for (const chunk of chunks) framer.push(Buffer.from(chunk, 'latin1'), out)
  framer.end(out)
  return out.take()
}

test('a message that is marked as a line has no line feed and one behind it', async (t) => {
  let lines = 0
  fc.assert(
    fc.property(
      fc.constantFrom<FramingMode>('auto', 'newline', 'nul', 'octet-counting'),
      fc.array(
        fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
        { maxLength: 6 },
      ),
      (mode, chunks) => {
        const batch = framed(mode, chunks)
        for (let i = 0; i < (batch?.ends.length ?? 0); i++) {
          const { bytes, starts, ends, flags } = batch as Batch
          if (((flags[i] as number) & MessageFlag.line) === 0) continue
          lines++
          assert.equal(bytes.indexOf('\n', starts[i]), ends[i])
        }
      },
    ),
    { numRuns: 500 },
  )
  t.ok(lines > 100)
})

test('plain lines are marked, whole or in pieces, but for those whose line end was trimmed', async (t) => {
  const batch = framed('auto', ['one\ntwo\nth', 'ree\r\nfo', 'ur\n', 'five']) as Batch
  t.same(
    Array.from(batch.flags, (flags) => flags & MessageFlag.line),
    [4, 4, 0, 4, 0],
  )
})
