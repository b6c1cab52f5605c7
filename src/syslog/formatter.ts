import type { Message } from '../batch/messages.ts'
import { toEcs } from './ecs.ts'
import { formatRfc5424 } from './format-rfc5424.ts'
import { parseMessage } from './parse-message.ts'

/** What a sink sends for a message: no framing, no line end. With `raw` it is the batch's own memory: copy it to keep it. */
export type FormatMessage = (message: Message) => Buffer

/** How a sink writes: as received, rewritten as RFC 5424, or one JSON document of the Elastic Common Schema. */
export type MessageFormat = 'raw' | 'rfc5424' | 'json'

/** `device` and `timezone` are those of the message's source. */
export function createFormatter(format: MessageFormat, options: { device: string; timezone: string }): FormatMessage {
  const { device, timezone } = options
  if (format === 'raw') return (message) => message.bytes
  if (format === 'rfc5424') {
    return (message) =>
      formatRfc5424(parseMessage(message.bytes, { device, timezone, receivedAtMs: message.receivedAtMs }), message.bytes, message)
  }
  return (message) => {
    const parsed = parseMessage(message.bytes, { device, timezone, receivedAtMs: message.receivedAtMs })
    return Buffer.from(JSON.stringify(toEcs(parsed, message.bytes, message)))
  }
}
