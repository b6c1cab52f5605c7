import { Char, countDigits, isBlank, isDigit, readDigits, skipSpaces } from '../chars.ts'
import type { ParseOptions } from '../message.ts'
import { type CivilDate, type FoundDate, resolveDate } from './civil.ts'
import { emptyDate, readClock, readOffset } from './clock.ts'
import { readZone } from './zone-field.ts'

const months = 'janfebmaraprmayjunjulaugsepoctnovdec'
const weekdays = 'sunmontuewedthufrisat'

/**
 * Reads the date of RFC 3164 4.1.2 (`Nov  1 18:00:00`) and what devices make of it: a weekday, a year before the month,
 * before the time or behind it, a fraction, a zone. Undefined when no such date stands at `at`.
 */
export function readBsdDate(text: string, at: number, options: ParseOptions): FoundDate | undefined {
  const date = emptyDate()
  let i = at
  if (isDigit(text.charCodeAt(i))) {
    // RFC 3164 5.4, example 5, and NX-OS: `2026 Nov 21 18:00:00`.
    if (!isYear(text, i)) return undefined
    date.year = readDigits(text, i, 4)
    i = skipSpaces(text, i + 4)
  } else if (wordIndex(weekdays, text, i) !== -1 && isBlankOrComma(text.charCodeAt(i + 3))) {
    i = skipSpaces(text, i + (text.charCodeAt(i + 3) === Char.comma ? 4 : 3))
  }
  date.month = wordIndex(months, text, i) + 1
  if (date.month === 0 || text.charCodeAt(i + 3) !== Char.space) return undefined
  i = skipSpaces(text, i + 3)
  const dayDigits = countDigits(text, i, 2)
  if (dayDigits === 0) return undefined
  date.day = readDigits(text, i, dayDigits)
  i += dayDigits
  if (text.charCodeAt(i) === Char.comma) i++
  if (text.charCodeAt(i) !== Char.space) return undefined
  i = skipSpaces(text, i)
  if (date.year === undefined && isYear(text, i)) {
    date.year = readDigits(text, i, 4)
    i = skipSpaces(text, i + 4)
  }
  const clockEnd = readClock(text, i, date)
  return clockEnd === -1 ? undefined : resolveDate(date, readYearAndZone(text, clockEnd, date, options), options)
}

/** Behind the time: ` 2026`, ` CET`, ` CET 2026` (RFC 3164 5.4, example 4) or ` 2026 CET`. */
function readYearAndZone(text: string, at: number, date: CivilDate, options: ParseOptions): number {
  let end = readOffset(text, at, date)
  if (end === at) end = readZone(text, at, date, options)
  const next = skipSpaces(text, end)
  if (date.year !== undefined || next === end || !isYear(text, next)) return end
  date.year = readDigits(text, next, 4)
  end = next + 4
  return date.zone === undefined ? readZone(text, end, date, options) : end
}

/** A colon behind it must end the date: `2001:db8::1` is a hostname. */
function isYear(text: string, at: number): boolean {
  const year = readDigits(text, at, 4)
  if (year < 1970 || year > 2199) return false
  const next = text.charCodeAt(at + 4)
  return isBlank(next) || (next === Char.colon && (isBlank(text.charCodeAt(at + 5)) || text.charCodeAt(at + 5) === Char.percent))
}

/** Which of the three-letter words stands at `at`, in any case; -1 for none. */
function wordIndex(words: string, text: string, at: number): number {
  const a = text.charCodeAt(at) | 0x20
  const b = text.charCodeAt(at + 1) | 0x20
  const c = text.charCodeAt(at + 2) | 0x20
  for (let i = 0; i < words.length; i += 3) {
    if (words.charCodeAt(i) === a && words.charCodeAt(i + 1) === b && words.charCodeAt(i + 2) === c) return i / 3
  }
  return -1
}

function isBlankOrComma(code: number): boolean {
  return code === Char.comma || code === Char.space
}
