import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { messagesFrom, messagesOf } from '../batch/messages.ts'
import type { Seq, StoredBatch, Transport } from '../core/batch.ts'

/** One waiting message, as a line of JSON. `bytes` is base64: a message may hold any byte. */
export interface QueuedMessage {
  readonly seq: Seq
  readonly peer: string
  readonly transport: Transport
  readonly receivedAtMs: number
  /** Bits of MessageFlag. */
  readonly flags: number
  readonly bytes: string
}

// Lines are written in pieces of about this size, so that a large batch is never in memory as text as a whole.
const pieceLength = 64 * 1024

/**
 * Writes the messages numbered `from` and above, `limit` of them, as fast as the client reads. Ends the response, or
 * destroys it when the signal aborts, so that the client does not take a part for the whole.
 */
export async function streamMessages(
  batches: AsyncIterable<StoredBatch>,
  { from, limit }: { from: Seq; limit: number },
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  response.writeHead(200, { 'Content-Type': 'application/x-ndjson', 'Cache-Control': 'no-store' })
  response.flushHeaders()
  let left = limit
  if (left > 0) {
    for await (const batch of batches) {
      const wanted = messagesFrom(batch, from)
      if (wanted !== undefined) left -= await writeBatch(wanted, left, response, signal)
      if (left <= 0 || signal.aborted) break
    }
  }
  if (signal.aborted) response.destroy()
  else response.end()
}

/** Answers how many messages were written. */
async function writeBatch(batch: StoredBatch, limit: number, response: ServerResponse, signal: AbortSignal): Promise<number> {
  let written = 0
  let piece = ''
  for (const message of queuedMessagesOf(batch)) {
    if (written === limit || signal.aborted) break
    piece += `${JSON.stringify(message)}\n`
    written++
    if (piece.length < pieceLength) continue
    await write(response, piece, signal)
    piece = ''
  }
  if (piece !== '') await write(response, piece, signal)
  return written
}

/** The messages of a batch as people may look at them. */
export function* queuedMessagesOf(batch: StoredBatch): Generator<QueuedMessage> {
  const messages = messagesOf(batch)
  for (const [first, last] of batch.seqs) {
    for (let seq = first; seq <= last; seq++) {
      const { value: message, done } = messages.next()
      if (done) return
      const { origin, receivedAtMs, flags, bytes } = message
      yield { seq, peer: origin.peer, transport: origin.transport, receivedAtMs, flags, bytes: bytes.toString('base64') }
    }
  }
}

/** Resolves when more may be written, or when the signal aborts. */
export async function write(response: ServerResponse, text: string, signal: AbortSignal): Promise<void> {
  if (signal.aborted || response.write(text)) return
  await once(response, 'drain', { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
}
