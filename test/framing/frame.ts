import { BatchWriter } from '../../src/batch/batch-writer.ts'
import { messagesOf } from '../../src/batch/messages.ts'
import type { FramingCounts } from '../../src/core/framing.ts'
import { newFramingCounts } from '../../src/framing/counts.ts'
import { createFramer, type FramingLimits, type FramingMode } from '../../src/framing/create-framer.ts'

export const roomy: FramingLimits = { maxMessageBytes: 1000, whenTooLong: 'truncate' }

export interface Result {
  messages: { text: string; flags: number }[]
  counts: FramingCounts
}

/** Pushes the chunks through a framer, overwriting each one behind it as a reused socket buffer would be, and ends it. */
export function frame(mode: FramingMode, chunks: readonly (string | Buffer)[], limits = roomy): Result {
  const counts = newFramingCounts()
  const framer = createFramer(mode, limits, counts)
  const out = writer()
  for (const chunk of chunks) {
    const bytes = Buffer.from(chunk as string, 'latin1')
    framer.push(bytes, out)
    bytes.fill('#')
  }
  framer.end(out)
  framer.end(out)
  return { messages: written(out), counts }
}

/** The messages alone, for streams where nothing else is expected. */
export function texts(mode: FramingMode, chunks: readonly string[], limits = roomy): string[] {
  return frame(mode, chunks, limits).messages.map((message) => message.text)
}

export function writer(): BatchWriter {
  const out = new BatchWriter()
  out.from({ peer: '192.0.2.1', port: 514, transport: 'tcp' }, 0)
  return out
}

/** Takes what the writer holds. */
export function written(out: BatchWriter): Result['messages'] {
  const batch = out.take()
  if (batch === undefined) return []
  return Array.from(messagesOf(batch), ({ bytes, flags }) => ({ text: bytes.toString('latin1'), flags }))
}
