import { isAscii, isUtf8 } from 'node:buffer'
import { type MessageContext, receiveTime } from './ecs.ts'
import type { SyslogMessage } from './message.ts'
import { escapeValue, findElement, maxNameLength, type StructuredData } from './structured-data.ts'
import { maxAppNameLength, maxHostnameLength, maxProcIdLength } from './tag.ts'

const maxMsgIdLength = 32
/** user.notice: what RFC 3164 4.3.3 gives a message without a PRI. */
const defaultPriority = 13
/** The highest value of `meta sequenceId` (RFC 5424 7.3.1). */
const maxSequenceId = 2 ** 31 - 1
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf])
const nothing = Buffer.alloc(0)

/**
 * Writes the message anew as RFC 5424. Fields it does not have are NILVALUE, a missing PRI is 13, a missing time the receive
 * time. Structured data stays byte for byte where it is valid; the sender's address is added to it as the RFC's own `origin ip`
 * (7.2), behind those that are there, and Cisco's counter as `meta sequenceId` (7.3.1). MSG is the message's own bytes; a byte
 * order mark stands before it when it is UTF-8 beyond ASCII (6.4), since the mark says UTF-8 and ASCII needs none; and when it
 * begins with a mark of its own, which its reader would else take off.
 */
export function formatRfc5424(parsed: SyslogMessage, raw: Buffer, context: MessageContext): Buffer {
  const fields = [
    `<${parsed.priority ?? defaultPriority}>1`,
    parsed.timestamp === undefined ? receiveTime(context.receivedAtMs) : toMicroseconds(parsed.timestamp),
    headerField(parsed.hostname, maxHostnameLength),
    headerField(parsed.appName, maxAppNameLength),
    headerField(parsed.procId, maxProcIdLength),
    headerField(parsed.msgId, maxMsgIdLength),
    structuredDataOf(parsed, raw, context),
  ]
  const header = fields.join(' ')
  const message = raw.subarray(parsed.messageStart, parsed.messageEnd)
  if (message.length === 0) return Buffer.from(header, 'latin1')
  const mark = needsMark(message) ? byteOrderMark : nothing
  const out = Buffer.allocUnsafe(header.length + 1 + mark.length + message.length)
  out.write(header, 'latin1')
  out[header.length] = 0x20
  out.set(mark, header.length + 1)
  out.set(message, header.length + 1 + mark.length)
  return out
}

function needsMark(message: Buffer): boolean {
  return !isAscii(message) && (isUtf8(message) || message.subarray(0, byteOrderMark.length).equals(byteOrderMark))
}

/** TIME-SECFRAC has at most six digits (RFC 5424 6.2.3.1). */
function toMicroseconds(timestamp: string): string {
  return timestamp[19] === '.' && timestamp.length > 27 ? timestamp.replace(/(\.\d{6})\d+/, '$1') : timestamp
}

/** PRINTUSASCII of a bounded length, or NILVALUE. */
function headerField(value: string | undefined, maxLength: number): string {
  if (value === undefined || value === '') return '-'
  return clip(value, maxLength, /[^\x21-\x7e]/g)
}

function clip(value: string, maxLength: number, forbidden: RegExp): string {
  return (value.length > maxLength ? value.slice(0, maxLength) : value).replace(forbidden, '?')
}

/** STRUCTURED-DATA, one char a byte. */
function structuredDataOf(parsed: SyslogMessage, raw: Buffer, context: MessageContext): string {
  let data = existingData(parsed, raw)
  const { origin } = context
  // What was read from a bucket came from no address.
  const ip = origin?.object === undefined ? origin?.peer : undefined
  if (ip !== undefined) data = addOrigin(data, ip)
  const { sequence } = parsed
  if (sequence !== undefined && sequence >= 1 && sequence <= maxSequenceId) data += `[meta sequenceId="${sequence}"]`
  return data === '' ? '-' : data
}

function existingData({ structuredData, structuredDataStart, structuredDataEnd, problems }: SyslogMessage, raw: Buffer): string {
  if (structuredData === undefined) return ''
  const bytes = raw.subarray(structuredDataStart, structuredDataEnd)
  const asReceived = !problems.includes('bad_structured_data') && isUtf8(bytes)
  return asReceived ? bytes.toString('latin1') : writeData(structuredData)
}

/** An SD-ID may stand only once (RFC 5424 6.3.2), so an `origin` that is there takes the parameter; `ip` may be repeated (7.2.1). */
function addOrigin(data: string, ip: string): string {
  const param = ` ip="${escapeValue(ip)}"`
  const element = findElement(data, 'origin')
  if (element === undefined) return `${data}[origin${param}]`
  const { start, end } = element
  return data.slice(start, end).includes(param) ? data : `${data.slice(0, end)}${param}${data.slice(end)}`
}

/** Structured data that was read against the RFC's letter, put right. */
function writeData(structuredData: StructuredData): string {
  const elements = new Map<string, string>()
  for (const [id, params] of Object.entries(structuredData)) {
    const name = sdName(id)
    let written = elements.get(name) ?? ''
    for (const [param, value] of Object.entries(params)) written += ` ${sdName(param)}="${escapeValue(value)}"`
    elements.set(name, written)
  }
  const text = Array.from(elements, ([name, params]) => `[${name}${params}]`).join('')
  return Buffer.from(text, 'utf8').toString('latin1')
}

function sdName(name: string): string {
  return clip(name, maxNameLength, /[^\x21-\x7e]|[="\]]/g)
}
