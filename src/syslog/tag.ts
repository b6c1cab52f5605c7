import { Char, isAlphanumeric, isBlank, isDigit } from './chars.ts'
import type { Draft } from './message.ts'

// The limits of RFC 5424 6.2.4 to 6.2.6 hold here as well: what is longer stays in the message, so a rewrite never clips it.
export const maxHostnameLength = 255
export const maxAppNameLength = 48
export const maxProcIdLength = 128

/** A tag found: the program's name is `[start, nameEnd)`, the process `[nameEnd + 1, pidEnd)` where there is one. */
export interface Tag {
  readonly nameEnd: number
  /** -1 without brackets. */
  readonly pidEnd: number
  /** Where the message begins. */
  readonly end: number
}

/**
 * Reads `name:`, `name[pid]:` or `name[pid] ` at `at`. The colon of a tag without brackets must be followed by a blank:
 * anything else (`CEF:0|`, `12:30`, `http://`, an IPv6 address) is text.
 */
export function readTag(text: string, at: number): Tag | undefined {
  const nameEnd = readName(text, at)
  if (nameEnd === -1) return undefined
  const next = text.charCodeAt(nameEnd)
  if (next === Char.colon) {
    if (!isBlank(text.charCodeAt(nameEnd + 1)) || isBodyFormat(text, at, nameEnd)) return undefined
    return { nameEnd, pidEnd: -1, end: skipOneBlank(text, nameEnd + 1) }
  }
  if (next !== Char.openBracket) return undefined
  const pidEnd = readPid(text, nameEnd + 1)
  if (pidEnd === -1) return undefined
  const colon = text.charCodeAt(pidEnd + 1) === Char.colon
  if (!colon && !isBlank(text.charCodeAt(pidEnd + 1))) return undefined
  return { nameEnd, pidEnd, end: skipOneBlank(text, pidEnd + (colon ? 2 : 1)) }
}

/** Puts a tag's fields into the draft and returns where the message begins. */
export function takeTag(text: string, at: number, tag: Tag, draft: Draft): number {
  draft.appName = text.slice(at, tag.nameEnd)
  const procId = tag.pidEnd === -1 ? '' : text.slice(tag.nameEnd + 1, tag.pidEnd)
  if (procId !== '' && procId !== '-') draft.procId = procId
  return tag.end
}

/** Behind one blank: what more there are belongs to the message, which may be indented. */
export function skipOneBlank(text: string, at: number): number {
  const code = text.charCodeAt(at)
  return code === Char.space || code === Char.tab ? at + 1 : at
}

function readName(text: string, at: number): number {
  let onlyDigits = true
  let onlyMarks = true
  for (let i = at; i <= at + maxAppNameLength; i++) {
    const code = text.charCodeAt(i)
    if (code === Char.colon || code === Char.openBracket) {
      // Marks alone name nothing (`-` is RFC 5424's NILVALUE); a number alone is a counter, a time or a part of an address.
      return onlyMarks || (onlyDigits && code === Char.colon) ? -1 : i
    }
    if (!isNameChar(code)) return -1
    if (!isDigit(code)) onlyDigits = false
    if (isAlphanumeric(code)) onlyMarks = false
  }
  return -1
}

/** Letters, digits and `_ - . / ( ) @ + # ~ $ *`: what program names have, and JSON, key=value and CSV have not. */
function isNameChar(code: number): boolean {
  return isAlphanumeric(code) || nameMarks.has(code)
}

const nameMarks = new Set(Array.from('_-./()@+#~$*\\', (mark) => mark.charCodeAt(0)))

function readPid(text: string, at: number): number {
  for (let i = at; i <= at + maxProcIdLength; i++) {
    const code = text.charCodeAt(i)
    if (code === Char.closeBracket) return i
    // Not a number behind the end fails here too.
    if (!(code > 0x20 && code < 0x7f)) return -1
  }
  return -1
}

/** `CEF: 0|` is written by some: a body's format, not a program. */
function isBodyFormat(text: string, at: number, end: number): boolean {
  const name = text.slice(at, end)
  return name === 'CEF' || name === 'LEEF'
}
