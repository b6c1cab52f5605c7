import { MessageFlag } from '../core/batch.ts'
import type { FramingCounts, MessageWriter } from '../core/framing.ts'
import { isTerminator } from './bytes.ts'
import type { FramingLimits } from './limits.ts'

/**
 * One UDP datagram is one message (RFC 5426, 3.1). The LF, CR and NUL bytes that some senders put at its end are
 * terminators, not text; a datagram of nothing else is counted as empty.
 */
export function frameDatagram(datagram: Buffer, limits: FramingLimits, counts: FramingCounts, out: MessageWriter): void {
  let end = datagram.length
  while (end > 0 && isTerminator(datagram[end - 1])) end--
  if (end === 0) {
    counts.empty++
    return
  }
  let flags = 0
  if (end > limits.maxMessageBytes) {
    if (limits.whenTooLong === 'reject') {
      counts.tooLong++
      return
    }
    counts.truncated++
    flags = MessageFlag.truncated
    end = limits.maxMessageBytes
  }
  const start = out.put(datagram, 0, end)
  out.message(start, start + end, flags)
}
