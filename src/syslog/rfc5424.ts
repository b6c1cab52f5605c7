import { Char, countDigits, readDigits } from './chars.ts'
import type { Draft, ParseOptions } from './message.ts'
import { readStructuredData } from './structured-data.ts'
import { readRfc3339 } from './timestamp/rfc3339.ts'

/** HOSTNAME, APP-NAME, PROCID and MSGID behind the TIMESTAMP. */
const nameFields = ['hostname', 'appName', 'procId', 'msgId'] as const

/**
 * Reads the rest of an RFC 5424 message from its VERSION on. Returns false, and leaves the draft alone, when it is not one:
 * a digit and a space also begin Meraki's messages.
 */
export function readRfc5424(text: string, at: number, draft: Draft, options: ParseOptions): boolean {
  // VERSION = NONZERO-DIGIT 0*2DIGIT (6.2.2).
  const versionEnd = at + countDigits(text, at, 3)
  if (versionEnd === at || text.charCodeAt(at) === Char.zero || text.charCodeAt(versionEnd) !== Char.space) return false
  const fieldsStart = readTimestamp(text, versionEnd + 1, draft, options)
  if (fieldsStart === -1) return false
  draft.version = readDigits(text, at, versionEnd - at)
  let i = fieldsStart
  for (const name of nameFields) {
    if (i >= text.length) {
      draft.problems.push('bad_header')
      draft.messageStart = text.length
      return true
    }
    const end = fieldEnd(text, i)
    // NILVALUE (6.2).
    if (end - i > 1 || text.charCodeAt(i) !== Char.minus) draft[name] = end === i ? undefined : text.slice(i, end)
    i = end + 1
  }
  draft.messageStart = readData(text, i, draft)
  return true
}

/** Returns where the HOSTNAME begins, or -1 when this is no RFC 5424 message. */
function readTimestamp(text: string, at: number, draft: Draft, options: ParseOptions): number {
  const end = fieldEnd(text, at)
  // `1 2026-11-21T18:00:00Z host tag: text` is a BSD header for all its version.
  if (text.charCodeAt(fieldEnd(text, fieldEnd(text, end + 1) + 1) - 1) === Char.colon) return -1
  if (end - at === 1 && text.charCodeAt(at) === Char.minus) return end + 1
  // Only the field itself: a zone's name behind the date would be the HOSTNAME.
  const found = readRfc3339(text.slice(at, end), 0, options)
  if (found !== undefined && found.end === end - at) {
    draft.timestamp = found.timestamp
    if (found.problem !== undefined) draft.problems.push(found.problem)
    return end + 1
  }
  if (!looksLikeRfc5424(text, end + 1)) return -1
  draft.problems.push('bad_timestamp')
  return end + 1
}

/** Behind a TIMESTAMP that cannot be read: are there four fields and then structured data? */
function looksLikeRfc5424(text: string, at: number): boolean {
  let i = at
  for (let field = 0; field < nameFields.length; field++) {
    i = fieldEnd(text, i) + 1
    if (i > text.length) return false
  }
  const next = text.charCodeAt(i)
  return next === Char.openBracket || (next === Char.minus && fieldEnd(text, i) === i + 1)
}

/** Reads STRUCTURED-DATA and returns where MSG begins. */
function readData(text: string, at: number, draft: Draft): number {
  const first = text.charCodeAt(at)
  if (first === Char.minus && fieldEnd(text, at) === at + 1) return Math.min(at + 2, text.length)
  const read = first === Char.openBracket ? readStructuredData(text, at) : undefined
  const next = read === undefined ? 0 : text.charCodeAt(read.end)
  if (read === undefined || !(next === Char.space || Number.isNaN(next))) {
    // Check Point's `[action:"Accept"; …]`, or no structured data at all: it is the message then.
    draft.problems.push(at >= text.length ? 'bad_header' : 'bad_structured_data')
    return Math.min(at, text.length)
  }
  if (!read.valid) draft.problems.push('bad_structured_data')
  draft.structuredData = read.data
  draft.structuredDataStart = at
  draft.structuredDataEnd = read.end
  return Math.min(read.end + 1, text.length)
}

function fieldEnd(text: string, at: number): number {
  const end = text.indexOf(' ', at)
  return end === -1 ? text.length : end
}
