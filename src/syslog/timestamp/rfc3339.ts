import { Char, isDigit, readDigits } from '../chars.ts'
import type { ParseOptions } from '../message.ts'
import { type FoundDate, resolveDate } from './civil.ts'
import { emptyDate, readClock, readOffset } from './clock.ts'
import { readZone } from './zone-field.ts'

/**
 * Reads `2026-11-21T18:00:00.123456789+01:00` and what passes for it: a space or `t` for the `T`, slashes, a comma before
 * the fraction, no colon in the offset, a zone by name, no zone. Undefined when no such date stands at `at`.
 */
export function readRfc3339(text: string, at: number, options: ParseOptions): FoundDate | undefined {
  if (!isDigit(text.charCodeAt(at))) return undefined
  const year = readDigits(text, at, 4)
  const dash = text.charCodeAt(at + 4)
  if (year === -1 || (dash !== Char.minus && dash !== Char.slash) || text.charCodeAt(at + 7) !== dash) return undefined
  const date = emptyDate()
  date.year = year
  date.month = readDigits(text, at + 5, 2)
  date.day = readDigits(text, at + 8, 2)
  const between = text.charCodeAt(at + 10)
  if (date.month === -1 || date.day === -1 || ((between | 0x20) !== 0x74 && between !== Char.space)) return undefined
  const clockEnd = readClock(text, at + 11, date)
  if (clockEnd === -1) return undefined
  let end = readOffset(text, clockEnd, date)
  if (end === clockEnd) end = readZone(text, clockEnd, date, options)
  const found = resolveDate(date, end, options)
  // The sender's own text where it is already what RFC 3339 wants: `-00:00` (offset unknown) stays.
  const exact = found.problem === undefined && isCanonical(text, at, clockEnd, end) && date.fraction.length <= 9
  return exact ? { timestamp: text.slice(at, end), problem: undefined, end } : found
}

function isCanonical(text: string, at: number, clockEnd: number, end: number): boolean {
  if (text.charCodeAt(at + 4) !== Char.minus || text[at + 10] !== 'T' || text.charCodeAt(at + 13) !== Char.colon) return false
  if (clockEnd > at + 19 && text.charCodeAt(at + 19) !== Char.dot) return false
  return end - clockEnd === 1 ? text[clockEnd] === 'Z' : end - clockEnd === 6 && text.charCodeAt(end - 3) === Char.colon
}
