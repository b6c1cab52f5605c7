import { BatchWriter } from '../batch/batch-writer.ts'
import { messagesOf } from '../batch/messages.ts'
import type { Batch, Origin } from '../core/batch.ts'
import type { FramingCounts } from '../core/framing.ts'
import { newFramingCounts } from '../framing/counts.ts'
import { createFramer } from '../framing/create-framer.ts'
import { toEcs } from '../syslog/ecs.ts'
import { parseMessage } from '../syslog/parse-message.ts'

export interface ParseStreamOptions {
  readonly framing: 'auto' | 'octet-counting' | 'newline' | 'nul'
  /** Name of a device type; see `logrelay types`. */
  readonly device: string
  /** Zone of dates that name none. */
  readonly timezone: string
  readonly maxMessageBytes: number
  /** Receive time of the messages, milliseconds since the epoch. Default: now, chunk by chunk. */
  readonly now?: () => number
}

/** Text is handed on in pieces of about this many characters: a chunk of tiny messages becomes megabytes of JSON. */
const pieceLength = 64 * 1024

/** A stream that messages are read from by hand: it has no sender. */
const standardInput: Origin = { peer: 'stdin', port: 0, transport: 'tcp' }

/**
 * What the relay would make of these bytes: one JSON object a line, in the Elastic Common Schema. Yields whole lines; it
 * reads on only when they are taken, so memory stays bounded. Returns what framing saw besides messages.
 */
export async function* parseStream(input: AsyncIterable<Buffer>, options: ParseStreamOptions): AsyncGenerator<string, FramingCounts> {
  const counts = newFramingCounts()
  const framer = createFramer(options.framing, { maxMessageBytes: options.maxMessageBytes, whenTooLong: 'truncate' }, counts)
  const writer = new BatchWriter()
  const now = options.now ?? Date.now
  for await (const chunk of input) {
    writer.from(standardInput, now())
    framer.push(chunk, writer)
    yield* linesOf(writer.take(), options)
  }
  writer.from(standardInput, now())
  framer.end(writer)
  yield* linesOf(writer.take(), options)
  return counts
}

function* linesOf(batch: Batch | undefined, { device, timezone }: ParseStreamOptions): Generator<string> {
  if (batch === undefined) return
  let piece = ''
  for (const { bytes, flags, receivedAtMs } of messagesOf(batch)) {
    const parsed = parseMessage(bytes, { device, timezone, receivedAtMs })
    piece += `${JSON.stringify(toEcs(parsed, bytes, { receivedAtMs, flags }))}\n`
    if (piece.length < pieceLength) continue
    yield piece
    piece = ''
  }
  if (piece !== '') yield piece
}
