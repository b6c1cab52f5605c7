import { BatchWriter } from '../../src/batch/batch-writer.ts'
import type { Origin, SeqRange, StoredBatch } from '../../src/core/batch.ts'

const peers: readonly Origin[] = [
  { peer: '192.0.2.1', port: 5140, transport: 'tcp' },
  { peer: '2001:db8::2', port: 514, transport: 'udp' },
]
const timeMs = 1_700_000_000_000

/** A stored batch of these messages, from two senders in turn. */
export function storedBatch(messages: readonly Uint8Array[], seqs: readonly SeqRange[]): StoredBatch {
  const writer = new BatchWriter()
  for (const [i, message] of messages.entries()) {
    writer.from(peers[i % 2] as Origin, timeMs + i)
    const at = writer.put(message, 0, message.length)
    writer.message(at, at + message.length, i % 2)
  }
  const batch = writer.take()
  if (batch === undefined) throw new RangeError('a batch has messages')
  return { ...batch, queueId: 'q1', seqs }
}
