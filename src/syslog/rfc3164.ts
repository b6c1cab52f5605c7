import { Char, countDigits, isBlank, skipSpaces } from './chars.ts'
import { isMnemonic, readCiscoPrelude } from './cisco.ts'
import { hostnameEnd } from './hostname.ts'
import { readKeyValueHeader } from './key-value.ts'
import type { Draft, ParseOptions } from './message.ts'
import { severityOfKeyword } from './names.ts'
import { readTag, skipOneBlank, takeTag } from './tag.ts'
import type { FoundDate } from './timestamp/civil.ts'
import { readDate } from './timestamp/read-date.ts'

/** Reads what follows the PRI of a BSD syslog message, as RFC 3164 describes it and as devices send it. */
export function readRfc3164(text: string, at: number, draft: Draft, options: ParseOptions): void {
  const start = skipSpaces(text, at)
  if (start >= text.length) {
    draft.problems.push('empty')
    draft.messageStart = text.length
    return
  }
  const date = readDate(text, start, options) ?? readDateBehindVersion(text, start, options)
  if (date !== undefined) draft.messageStart = readBehindDate(text, start, date, draft, false)
  else draft.messageStart = readCisco(text, start, draft, options) ?? readUndated(text, start, draft, options)
}

/** Meraki writes `1 ` before its date, as if it were RFC 5424. */
function readDateBehindVersion(text: string, at: number, options: ParseOptions): FoundDate | undefined {
  const digits = countDigits(text, at, 2)
  return digits > 0 && text.charCodeAt(at + digits) === Char.space ? readDate(text, at + digits + 1, options) : undefined
}

function readCisco(text: string, at: number, draft: Draft, options: ParseOptions): number | undefined {
  const prelude = readCiscoPrelude(text, at, options)
  if (prelude === undefined) return undefined
  if (prelude.date === undefined || prelude.date.timestamp !== undefined) {
    draft.hostname = prelude.hostname
    draft.appName = prelude.appName
    draft.sequence = prelude.sequence
  }
  if (prelude.date !== undefined) return readBehindDate(text, at, prelude.date, draft, prelude.hostname !== undefined)
  draft.problems.push('no_timestamp')
  return prelude.end
}

/** Hostname and tag behind the date of a header that began at `at`. Returns where the message begins. */
function readBehindDate(text: string, at: number, date: FoundDate, draft: Draft, hasHostname: boolean): number {
  if (date.problem !== undefined) draft.problems.push(date.problem)
  // RFC 3164 4.3.2: without a valid TIMESTAMP all behind the PRI is CONTENT.
  if (date.timestamp === undefined) return at
  draft.timestamp = date.timestamp
  const next = skipSpaces(text, date.end)
  // A colon ends Cisco's date; the hostname, if any, came before it.
  if (text.charCodeAt(next) === Char.colon && isBlank(text.charCodeAt(next + 1))) {
    const content = skipSpaces(text, next + 1)
    return isMnemonic(text, content) ? content : readTagOnly(text, skipOneBlank(text, next + 1), draft)
  }
  return hasHostname ? readTagOnly(text, skipOneBlank(text, date.end), draft) : readHostAndTag(text, date.end, draft)
}

function readHostAndTag(text: string, at: number, draft: Draft): number {
  const start = skipSpaces(text, at)
  const mnemonic = readHostBeforeMnemonic(text, start, draft)
  if (mnemonic !== undefined) return mnemonic
  const tag = readTag(text, start)
  if (tag !== undefined) return takeTag(text, start, tag, draft)
  // NILVALUE in the hostname's place; without a tag behind it, a dash is text.
  if (text.charCodeAt(start) === Char.minus && isBlank(text.charCodeAt(start + 1))) {
    const name = skipSpaces(text, start + 1)
    const behind = readTag(text, name)
    if (behind !== undefined) return takeTag(text, name, behind, draft)
  }
  const end = hostnameEnd(text, start)
  // The last word of all is rather the message.
  if (end === -1 || skipSpaces(text, end) >= text.length) return skipOneBlank(text, at)
  draft.hostname = text.slice(start, end)
  return readTagOnly(text, skipOneBlank(text, end), draft)
}

/** A tag at `at`, behind spaces if need be. Without one the message begins at `at` itself. */
function readTagOnly(text: string, at: number, draft: Draft): number {
  const start = skipSpaces(text, at)
  const tag = draft.appName === undefined ? readTag(text, start) : undefined
  if (tag !== undefined) return takeTag(text, start, tag, draft)
  return readTagBehindSeverity(text, start, draft) ?? at
}

/** F5 writes `notice mcpd[1234]:`. The word is header only where it repeats what the PRI says: then nothing is lost. */
function readTagBehindSeverity(text: string, at: number, draft: Draft): number | undefined {
  const space = at + 'warning'.length + 1
  for (let i = at; i < space; i++) {
    if (text.charCodeAt(i) !== Char.space) continue
    const severity = severityOfKeyword(text.slice(at, i))
    if (severity === undefined || severity !== draft.severity) return undefined
    const tag = readTag(text, i + 1)
    return tag === undefined || tag.pidEnd === -1 ? undefined : takeTag(text, i + 1, tag, draft)
  }
  return undefined
}

/** `fw1 : %ASA-…`, `fw1: %ASA-…`, `fw1 %ASA-…`, `%ASA-…`: what stands before Cisco's mnemonic is a hostname, never a tag. */
function readHostBeforeMnemonic(text: string, at: number, draft: Draft): number | undefined {
  if (isMnemonic(text, at)) return at
  const tag = readTag(text, at)
  const end = tag !== undefined && tag.pidEnd === -1 ? tag.nameEnd : hostnameEnd(text, at)
  if (end === -1) return undefined
  const next = skipSpaces(text, end)
  const content = text.charCodeAt(next) === Char.colon ? skipSpaces(text, next + 1) : next
  if (!isMnemonic(text, content)) return undefined
  draft.hostname = text.slice(at, end)
  return content
}

/** No date: RFC 3164 4.3.2 calls it all CONTENT. Only what cannot be mistaken is taken out of it. */
function readUndated(text: string, at: number, draft: Draft, options: ParseOptions): number {
  if (readKeyValueHeader(text, at, draft, options)) return at
  draft.problems.push('no_timestamp')
  const mnemonic = readHostBeforeMnemonic(text, at, draft)
  if (mnemonic !== undefined) return mnemonic
  const tag = readTag(text, at)
  // Text without even a PRI often begins with a word and a colon; brackets are surer.
  if (tag !== undefined && (tag.pidEnd !== -1 || draft.priority !== undefined)) return takeTag(text, at, tag, draft)
  if (tag !== undefined || draft.priority === undefined) return at
  const end = hostnameEnd(text, at)
  const behind = end === -1 ? -1 : skipSpaces(text, end)
  const second = behind === -1 ? undefined : readTag(text, behind)
  if (second === undefined || second.pidEnd === -1) return at
  draft.hostname = text.slice(at, end)
  return takeTag(text, behind, second, draft)
}
