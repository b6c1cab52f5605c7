import fc from 'fast-check'
import t from 'tap'
import { type BatchHeader, openBatch, packBatch, readHeader, sealBatch } from '../../src/batch/batch-codec.ts'
import { BatchWriter } from '../../src/batch/batch-writer.ts'
import { CountedMemory } from '../../src/batch/counted-memory.ts'
import type { Batch, Origin } from '../../src/core/batch.ts'
import { zlibZstd, zstd } from '../../src/native/zstd.ts'

const header: Omit<BatchHeader, 'count'> = {
  firstSeq: 2 ** 40,
  position: 12_345,
  intake: { received: { udp: 1, tcp: 2, tls: 3 }, dropped: { kernel: 4 } },
}

const origins: Origin[] = [
  { peer: '192.0.2.1', port: 514, transport: 'udp' },
  { peer: '2001:db8::1', port: 6514, transport: 'tls', certSubject: 'CN=device' },
]

function batchOf(messages: readonly { bytes: Uint8Array; origin: number; gap: number; flags: number }[]): Batch {
  const writer = new BatchWriter()
  for (const { bytes, origin, gap, flags } of messages) {
    writer.from(origins[origin] as Origin, 1000 + origin)
    writer.put(Buffer.alloc(gap, 10), 0, gap)
    const start = writer.put(bytes, 0, bytes.length)
    writer.message(start, start + bytes.length, flags)
  }
  return writer.take() as Batch
}

const messages = fc.array(fc.record({ bytes: fc.uint8Array({ maxLength: 300 }), origin: fc.nat(1), gap: fc.nat(3), flags: fc.nat(3) }), {
  minLength: 1,
  maxLength: 40,
})

t.test('a batch comes back as it was', async (t) => {
  await fc.assert(
    fc.asyncProperty(messages, async (written) => {
      const batch = batchOf(written)
      const value = sealBatch(await packBatch(batch, zstd()), header)
      const read = readHeader(value)
      if (read === undefined) throw new Error('no header')
      const last = header.firstSeq + written.length - 1
      const { memory, ...opened } = (await openBatch(value, read, 'id', zlibZstd)) ?? {}
      t.same(opened, { ...batch, queueId: 'id', seqs: [[header.firstSeq, last]] })
      memory?.release()
      t.match(read, { ...header, count: written.length })
    }),
    { numRuns: 50 },
  )
})

t.test('the memory of a batch that was read is used again, and poisoned in tests', async (t) => {
  CountedMemory.poison = true
  const value = sealBatch(await packBatch(batchOf([{ bytes: Buffer.alloc(100_000, 'a'), origin: 0, gap: 0, flags: 0 }]), zstd()), header)
  const read = readHeader(value)
  if (read === undefined) throw new Error('no header')
  const first = await openBatch(value, read, 'id', zstd())
  first?.memory?.retain()
  first?.memory?.release()
  t.equal(first?.bytes[0], 97, 'one holder is left')
  first?.memory?.release()
  t.equal(first?.bytes[0], 33)
  t.throws(() => first?.memory?.release(), { message: /more often/ })
  const second = await openBatch(value, read, 'id', zstd())
  t.equal(second?.bytes.buffer, first?.bytes.buffer)
  t.equal(second?.bytes[0], 97)
})

t.test('what repeats is compressed, small batches are not', async (t) => {
  const line = Buffer.from('<134>1 2026-11-21T10:00:00Z host app - - - the same line again and again')
  const large = await packBatch(batchOf(Array.from({ length: 1000 }, () => ({ bytes: line, origin: 0, gap: 1, flags: 0 }))), zstd())
  t.equal(large.compressed, true)
  t.ok(large.payloadBytes < large.plainBytes / 10)
  t.equal((await packBatch(batchOf([{ bytes: line, origin: 0, gap: 0, flags: 0 }]), zstd())).compressed, false)
})

t.test('every flipped byte, and every shorter value, is found', async (t) => {
  const value = sealBatch(await packBatch(batchOf([{ bytes: Buffer.from('message'), origin: 1, gap: 2, flags: 1 }]), zstd()), header)
  t.ok(readHeader(value))
  for (let at = 0; at < value.length; at++) {
    const flipped = Buffer.from(value)
    flipped[at] = (flipped[at] as number) ^ 1
    if (readHeader(flipped) !== undefined) t.fail(`byte ${at}`)
    if (readHeader(value.subarray(0, at)) !== undefined) t.fail(`${at} bytes`)
  }
  t.equal(readHeader(value.subarray(1)), undefined)
  const read = readHeader(value)
  if (read === undefined) throw new Error('no header')
  t.equal(await openBatch(value.subarray(0, -1), read, 'id', zstd()), undefined, 'lengths that do not add up')
})
