import { Char, countDigits, isBlank, isUpper, skipSpaces } from '../chars.ts'
import type { ParseOptions } from '../message.ts'
import type { CivilDate } from './civil.ts'
import { readOffset } from './clock.ts'
import { isZoneName } from './zone-names.ts'

/** No abbreviation is longer, and a hostname in capitals may well be. */
const maxNameLength = 5

/**
 * Reads a zone behind a time: ` +0100`, ` CET`, ` UTC+8`. Returns the offset behind it, or `at` when there is none. Capitals
 * that name no known zone are a hostname or a tag, except where only a zone can stand.
 */
export function readZone(text: string, at: number, date: CivilDate, options: ParseOptions): number {
  if (text.charCodeAt(at) !== Char.space) return at
  const start = skipSpaces(text, at)
  const offsetEnd = readOffset(text, start, date)
  if (offsetEnd > start + 1) return offsetEnd
  date.zone = undefined
  let end = start
  while (end <= start + maxNameLength && isUpper(text.charCodeAt(end))) end++
  const length = end - start
  if (length < 2 || length > maxNameLength) return at
  const name = text.slice(start, end)
  const signed = name === 'UTC' || name === 'GMT' || name === 'TZ' ? readHours(text, end, date) : end
  if (signed > end) return signed
  const next = text.charCodeAt(end)
  if (next !== Char.colon && !isBlank(next)) return at
  if (!isZoneName(name) && !mustBeZone(text, end, options)) return at
  date.zone = name
  return end
}

/** `UTC+8`, `GMT-03:30`, and the `TZ-6` of RFC 3164's example 5. */
function readHours(text: string, at: number, date: CivilDate): number {
  const sign = text.charCodeAt(at)
  if (sign !== Char.plus && sign !== Char.minus) return at
  const full = readOffset(text, at, date)
  if (full > at) return full
  const digits = countDigits(text, at + 1, 2)
  const hours = Number(text.slice(at + 1, at + 1 + digits))
  if (digits === 0 || hours > 14) return at
  date.zone = (sign === Char.minus ? -1 : 1) * hours * 60
  return at + 1 + digits
}

// Cisco writes the zone as `clock timezone` names it, whatever that is, and then `: %FACILITY-…` or, on debug output, any text.
function mustBeZone(text: string, at: number, options: ParseOptions): boolean {
  if (text.charCodeAt(at) !== Char.colon) return false
  if (text.charCodeAt(skipSpaces(text, at + 1)) === Char.percent) return true
  return isBlank(text.charCodeAt(at + 1)) && options.device?.startsWith('cisco-') === true
}
