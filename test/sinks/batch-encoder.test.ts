import fc from 'fast-check'
import { test } from 'tap'
import type { StoredBatch } from '../../src/core/batch.ts'
import { nextTxnr, relpFrame } from '../../src/protocols/relp-frames.ts'
import { BatchEncoder, type EncodeOptions, type Slice } from '../../src/sinks/batch-encoder.ts'
import { numberedMessages, storedBatch } from '../support/sink-batches.ts'

function encode(batch: StoredBatch, options: Partial<EncodeOptions>): { slices: Slice[]; bytes: Buffer } {
  const encoder = new BatchEncoder(batch, { format: 'raw', framing: 'octet-counting', lineFeeds: 'escape', sliceBytes: 65_536, ...options })
  const slices: Slice[] = []
  for (let slice = encoder.next(); slice !== undefined; slice = encoder.next()) slices.push(slice)
  return { slices, bytes: Buffer.concat(slices.map(({ bytes }) => bytes)) }
}

/** What one message becomes, said in the simplest way. */
function framed(message: Buffer, { framing, lineFeeds }: Pick<EncodeOptions, 'framing' | 'lineFeeds'>): Buffer {
  if (framing === 'octet-counting') return Buffer.concat([Buffer.from(`${message.length} `), message])
  const text = message.toString('latin1')
  const line = lineFeeds === 'keep' ? text : text.replaceAll('\n', lineFeeds === 'escape' ? '#012' : ' ')
  return Buffer.from(`${line}\n`, 'latin1')
}

const message = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  fc.stringMatching(/^[ab\n\r0-9 ]{1,60}$/).map((text) => Buffer.from(text)),
)

test('however a batch lies and however small the slices, its messages come out framed and in order', async () => {
  fc.assert(
    fc.property(
      fc.array(message, { minLength: 1, maxLength: 30 }),
      fc.constantFrom('bare', 'newline', 'octet-counting'),
      fc.constantFrom('octet-counting', 'newline'),
      fc.constantFrom('escape', 'space', 'keep'),
      fc.constantFrom('raw' as const, ({ bytes }: { bytes: Buffer }) => bytes),
      fc.integer({ min: 1, max: 300 }),
      (messages, lying, framing, lineFeeds, format, sliceBytes) => {
        const batch = storedBatch(messages, { lying })
        const { slices, bytes } = encode(batch, { framing, lineFeeds, format, sliceBytes })
        let from = 0
        for (const slice of slices) {
          const part = Buffer.concat(messages.slice(from, slice.end).map((one) => framed(one, { framing, lineFeeds })))
          if (!slice.bytes.equals(part)) return false
          from = slice.end
        }
        return from === messages.length && bytes.length > 0
      },
    ),
    { numRuns: 500 },
  )
})

test('what was received framed as it is sent is not copied', async (t) => {
  const messages = numberedMessages(2000)
  for (const framing of ['octet-counting', 'newline'] as const) {
    const batch = storedBatch(messages, { lying: framing })
    const { slices, bytes } = encode(batch, { framing })
    t.ok(
      slices.every((slice) => slice.bytes.buffer === batch.bytes.buffer),
      `${framing}: views of the batch`,
    )
    t.ok(
      slices.every((slice) => slice.bytes.length <= 65_536),
      'none above the limit',
    )
    t.same(bytes, batch.bytes)
  }
})

test('an octet count that is not exactly that of its message is written anew', async (t) => {
  for (const count of ['0 ', '0010 ', '11 ', '10']) {
    const bytes = Buffer.from(`1 x${count}aaaaaaaaaa`)
    const start = 3 + count.length
    const batch = { ...storedBatch(['x', 'y']), bytes, starts: Uint32Array.of(2, start), ends: Uint32Array.of(3, start + 10) }
    t.equal(encode(batch, {}).bytes.toString(), '1 x10 aaaaaaaaaa')
  }
})

test('a message longer than a slice, and one that is all line feeds', async (t) => {
  const long = Buffer.alloc(100_000, '\n')
  const { slices, bytes } = encode(storedBatch(['a', long, 'b']), { framing: 'newline' })
  t.same(
    slices.map(({ end }) => end),
    [1, 2, 3],
  )
  t.same(bytes.toString(), `a\n${'#012'.repeat(100_000)}\nb\n`)
})

test('RELP: frames with ascending numbers, begun anew after the last, however the batch lies', async () => {
  fc.assert(
    fc.property(
      fc.array(message, { minLength: 1, maxLength: 30 }),
      fc.constantFrom('bare', 'newline', 'octet-counting'),
      fc.constantFrom('raw' as const, ({ bytes }: { bytes: Buffer }) => bytes),
      fc.integer({ min: 1, max: 300 }),
      fc.constantFrom(1, 95, 999_999_985),
      (messages, lying, format, sliceBytes, firstTxnr) => {
        const batch = storedBatch(messages, { lying })
        const { slices, bytes } = encode(batch, { framing: 'relp', firstTxnr, format, sliceBytes })
        let txnr: number = firstTxnr
        const frames = messages.map((text) => {
          const frame = relpFrame(txnr, 'syslog', text)
          txnr = nextTxnr(txnr)
          return frame
        })
        let from = 0
        for (const { bytes, end } of slices) {
          if (!bytes.equals(Buffer.concat(frames.slice(from, end)))) return false
          if (bytes.length > sliceBytes && end - from > 1) return false
          from = end
        }
        return bytes.equals(Buffer.concat(frames))
      },
    ),
  )
})
