import { MessageFlag } from '../core/batch.ts'
import type { FramingCounts, MessageWriter } from '../core/framing.ts'
import { isTerminator } from './bytes.ts'
import type { FramingLimits } from './limits.ts'

/**
 * One UDP datagram is one message (RFC 5426, 3.1). The LF, CR and NUL bytes that some senders put at its end are
 * terminators, not text; a datagram of nothing else is counted as empty.
 */
export function frameDatagram(datagram: Uint8Array, limits: FramingLimits, counts: FramingCounts, out: MessageWriter): void {
  const text = textEnd(datagram, 0, datagram.length)
  const kept = keep(text, limits, counts)
  if (kept === 0) return
  const start = out.put(datagram, 0, kept)
  out.message(start, start + kept, kept < text ? MessageFlag.truncated : 0)
}

/** The same for a datagram whose text, as `textEnd` finds it, was put already and is `[start, end)` of the batch. */
export function frameText(start: number, end: number, limits: FramingLimits, counts: FramingCounts, out: MessageWriter): void {
  const kept = keep(end - start, limits, counts)
  if (kept > 0) out.message(start, start + kept, kept < end - start ? MessageFlag.truncated : 0)
}

/** Where the text of the datagram `bytes[start, end)` ends and its terminators begin. */
export function textEnd(bytes: Uint8Array, start: number, end: number): number {
  let text = end
  while (text > start && isTerminator(bytes[text - 1])) text--
  return text
}

/** How much of a text of so many bytes becomes a message; 0: nothing. */
function keep(length: number, limits: FramingLimits, counts: FramingCounts): number {
  if (length === 0) counts.empty++
  if (length <= limits.maxMessageBytes) return length
  if (limits.whenTooLong === 'reject') {
    counts.tooLong++
    return 0
  }
  counts.truncated++
  return limits.maxMessageBytes
}
