import fc from 'fast-check'
import { BatchWriter } from '../../src/batch/batch-writer.ts'
import { messagesOf } from '../../src/batch/messages.ts'
import type { Batch, Origin, SeqRange, StoredBatch, Transport } from '../../src/core/batch.ts'

export const origins: readonly Origin[] = (['udp', 'tcp', 'tls', 'udp'] as const).map((transport, i) => origin(`192.0.2.${i}`, transport))

export function origin(peer: string, transport: Transport): Origin {
  return { peer, port: 514, transport }
}

/** A message as a test writes it down. */
export interface Plain {
  text: string
  flags: number
  origin: Origin
  receivedAtMs: number
}

/** A batch of these messages, one space between them. */
export function batchOf(messages: readonly Plain[]): Batch | undefined {
  const writer = new BatchWriter()
  for (const message of messages) write(writer, message)
  return writer.take()
}

export function write(writer: BatchWriter, { text, flags, origin, receivedAtMs }: Plain): void {
  writer.from(origin, receivedAtMs)
  const bytes = Buffer.from(`(${text}) `)
  const start = writer.put(bytes, 1, bytes.length) // the first byte of the chunk is not asked for
  writer.message(start, start + bytes.length - 3, flags)
}

export function plain(batch: Batch | undefined): Plain[] {
  if (batch === undefined) return []
  return Array.from(messagesOf(batch), ({ bytes, ...rest }) => ({ text: bytes.toString(), ...rest }))
}

/** Ascending ranges, with gaps, that number `length` messages. */
export function seqsFor(length: number, lengths: readonly number[], gaps: readonly number[]): SeqRange[] {
  const ranges: SeqRange[] = []
  let seq = 0
  for (let i = 0, left = length; left > 0; i++) {
    const count = Math.min(left, lengths[i % lengths.length] as number)
    seq += gaps[i % gaps.length] as number
    ranges.push([seq, seq + count - 1])
    seq += count
    left -= count
  }
  return ranges
}

export function numbers(ranges: readonly SeqRange[]): number[] {
  return ranges.flatMap(([from, through]) => Array.from({ length: through - from + 1 }, (_, i) => from + i))
}

export const messages: fc.Arbitrary<Plain[]> = fc.array(
  fc.record(
    {
      text: fc.string({ maxLength: 12 }),
      flags: fc.integer({ min: 0, max: 3 }),
      origin: fc.constantFrom(...origins),
      receivedAtMs: fc.constantFrom(0, 1_763_719_200_000, 1_763_719_200_001),
    },
    { noNullPrototype: true },
  ),
  { minLength: 1, maxLength: 60 },
)

export const seqShape = fc.record({
  lengths: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }),
  gaps: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 }),
})

export const storedBatch: fc.Arbitrary<StoredBatch> = fc.tuple(messages, seqShape).map(([list, { lengths, gaps }]) => ({
  ...(batchOf(list) as Batch),
  queueId: 'q',
  seqs: seqsFor(list.length, lengths, gaps),
}))
