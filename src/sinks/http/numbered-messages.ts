import { messagesOf } from '../../batch/messages.ts'
import type { StoredBatch } from '../../core/batch.ts'
import type { NumberedMessage } from './dialect.ts'

/** The messages of a batch, in order, each with its number. */
export function* numberedMessages(batch: StoredBatch): Generator<NumberedMessage> {
  const { queueId, seqs } = batch
  let range = 0
  let seq = seqs[0]?.[0] ?? 0
  for (const { bytes, flags, origin, receivedAtMs } of messagesOf(batch)) {
    yield { bytes, flags, origin, receivedAtMs, queueId, seq }
    if (seq === seqs[range]?.[1]) seq = seqs[++range]?.[0] ?? 0
    else seq++
  }
}
