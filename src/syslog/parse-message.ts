import { isAscii, isUtf8 } from 'node:buffer'
import { createDraft, type Draft, type ParseOptions, type SyslogMessage } from './message.ts'
import { readPriority } from './priority.ts'
import { readRfc3164 } from './rfc3164.ts'
import { readRfc5424 } from './rfc5424.ts'
import { define, type StructuredData } from './structured-data.ts'

export type { ParseOptions } from './message.ts'

/** A UTF-8 byte order mark, one char a byte. */
const byteOrderMark = '\u00ef\u00bb\u00bf'

/**
 * Reads one syslog message of whatever kind. Never throws and never loses text: what is not recognised as header is in
 * `message`, and `problems` says what was not as it should be. Time and memory grow linearly with the bytes.
 *
 * The bytes are read as one char each, so that offsets in the text are offsets in the bytes; only the fields of a
 * message with bytes beyond ASCII are decoded, at the end.
 */
export function parseMessage(bytes: Buffer, options: ParseOptions): SyslogMessage {
  const end = contentEnd(bytes)
  const text = bytes.toString('latin1', 0, end)
  const draft = createDraft(end)
  readHeader(text, draft, options)
  if (text.startsWith(byteOrderMark, draft.messageStart)) draft.messageStart += byteOrderMark.length
  if (isAscii(bytes)) draft.message = text.slice(draft.messageStart)
  else decodeFields(bytes, draft)
  return draft
}

function readHeader(text: string, draft: Draft, options: ParseOptions): void {
  if (text === '') {
    draft.problems.push('empty')
    return
  }
  // Some senders put their byte order mark before the PRI instead of before the MSG (RFC 5424 6.4).
  const start = text.startsWith(byteOrderMark) ? byteOrderMark.length : 0
  if (hasNoHeader(options.device)) {
    draft.messageStart = start
    return
  }
  const header = readPriority(text, start, draft)
  if (header === -1) draft.messageStart = start
  else if (!readRfc5424(text, header, draft, options)) {
    readRfc3164(text, header, draft, options)
    forgetNilvalues(draft)
  }
}

/** Device types that send text of their own, which may well begin as a header does: all of it is the message. */
function hasNoHeader(device: string | undefined): boolean {
  return device !== undefined && (device === 'text' || device.startsWith('aws-'))
}

/** Senders that know RFC 5424 write its NILVALUE (6.2) into BSD headers as well: it says that there is no such field. */
function forgetNilvalues(draft: Draft): void {
  if (draft.hostname === '-') draft.hostname = undefined
  if (draft.appName === '-') draft.appName = undefined
  if (draft.procId === '-') draft.procId = undefined
}

/** Without the line ends and NULs that some senders put behind a message whatever the framing. */
function contentEnd(bytes: Buffer): number {
  let end = bytes.length
  while (end > 0) {
    const byte = bytes[end - 1]
    if (byte !== 0x0a && byte !== 0x0d && byte !== 0) break
    end--
  }
  return end
}

function decodeFields(bytes: Buffer, draft: Draft): void {
  if (!isUtf8(bytes)) draft.problems.push('not_utf8')
  draft.message = bytes.toString('utf8', draft.messageStart, draft.messageEnd)
  if (draft.hostname !== undefined) draft.hostname = decode(draft.hostname)
  if (draft.appName !== undefined) draft.appName = decode(draft.appName)
  if (draft.procId !== undefined) draft.procId = decode(draft.procId)
  if (draft.msgId !== undefined) draft.msgId = decode(draft.msgId)
  if (draft.structuredData !== undefined) draft.structuredData = decodeData(draft.structuredData)
}

/** Names are ASCII (SD-NAME), values are UTF-8 (RFC 5424 6.3.3). */
function decodeData(data: StructuredData): StructuredData {
  const decoded: StructuredData = {}
  for (const [id, params] of Object.entries(data)) {
    const values: Record<string, string> = {}
    for (const [name, value] of Object.entries(params)) define(values, name, decode(value))
    define(decoded, id, values)
  }
  return decoded
}

function decode(field: string): string {
  return Buffer.from(field, 'latin1').toString('utf8')
}
