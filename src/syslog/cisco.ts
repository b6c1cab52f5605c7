import { Char, countDigits, isDigit, isUpper, skipSpaces } from './chars.ts'
import type { ParseOptions } from './message.ts'
import type { FoundDate } from './timestamp/civil.ts'
import { readDate } from './timestamp/read-date.ts'

/** What Cisco puts between PRI and date: `45: host: 000123: `, each part as configured, or a lone colon (EMBLEM format). */
export interface CiscoPrelude {
  hostname: string | undefined
  /** The task of a wireless controller: `*spamApTask1: `. */
  appName: string | undefined
  sequence: number | undefined
  /** The date behind it; undefined where the message begins at once. */
  date: FoundDate | undefined
  /** Behind the date, or at the message's `%`. */
  end: number
}

/** Sequence number, hostname, sequence number again, task. */
const maxParts = 4
const maxPartLength = 128

/** `%ASA-6-302013`, `%SYS-5-CONFIG_I`: where a Cisco message begins. */
export function isMnemonic(text: string, at: number): boolean {
  return text.charCodeAt(at) === Char.percent && isUpper(text.charCodeAt(at + 1))
}

/** Undefined unless a date or a mnemonic follows: without one of them `host: ` may be anything. */
export function readCiscoPrelude(text: string, at: number, options: ParseOptions): CiscoPrelude | undefined {
  const prelude: CiscoPrelude = { hostname: undefined, appName: undefined, sequence: undefined, date: undefined, end: at }
  let i = text.charCodeAt(at) === Char.colon ? skipSpaces(text, at + 1) : at
  for (let part = 0; part <= maxParts; part++) {
    prelude.end = i
    if (i > at) {
      if (isMnemonic(text, i)) return prelude
      prelude.date = readDate(text, i, options)
      if (prelude.date !== undefined) return prelude
    }
    i = readPart(text, i, prelude, options)
    if (i === -1) return undefined
    if (prelude.date !== undefined) return prelude
  }
  return undefined
}

function readPart(text: string, at: number, prelude: CiscoPrelude, options: ParseOptions): number {
  const end = partEnd(text, at)
  if (end === -1) return -1
  const part = text.slice(at, end)
  if (part.length === countDigits(part, 0, part.length)) prelude.sequence = Number(part)
  else if (prelude.hostname === undefined && namesSomething(part)) prelude.hostname = part
  // A colon at a name's end is an address's (`fe80::`); a task has none, and rewritten it would be read as a BSD tag.
  else if (prelude.appName === undefined && namesSomething(part) && !part.endsWith(':')) prelude.appName = part
  else return -1
  const next = end + 1
  // IOS XR writes its node against the date: `RP/0/RSP0/CPU0:Nov 21 18:00:00.123 : `.
  if (text.charCodeAt(next) !== Char.space) prelude.date = readDate(text, next, options)
  return prelude.date === undefined && text.charCodeAt(next) !== Char.space ? -1 : skipSpaces(text, next)
}

/** Marks alone name nothing. */
function namesSomething(part: string): boolean {
  return /[a-z\d\x80-\xff]/i.test(part)
}

/** The colon that ends the part: the last one of its word, so that an IPv6 address may be one. */
function partEnd(text: string, at: number): number {
  let colon = -1
  for (let i = at; i < at + maxPartLength; i++) {
    const code = text.charCodeAt(i)
    if (code === Char.colon) colon = i
    else if (code === Char.space) break
    // Not a number behind the end fails here too.
    else if (!(code > 0x20 && code !== Char.quote && code !== Char.equals)) return -1
  }
  return colon > at && !isDigit(text.charCodeAt(colon + 1)) ? colon : -1
}
