import { Char, countDigits, isDigit, readDigits } from '../chars.ts'
import type { CivilDate } from './civil.ts'

/** More digits than any clock has; the rest of a longer run is no part of the date. */
const maxFractionRun = 32

/** Reads `hh:mm:ss` (or `h:mm:ss`) and a fraction behind `.`, `,` or `:`; returns the offset behind it, -1 when there is none. */
export function readClock(text: string, at: number, date: CivilDate): number {
  const hourDigits = countDigits(text, at, 2)
  if (hourDigits === 0) return -1
  const minutes = at + hourDigits + 1
  if (text.charCodeAt(minutes - 1) !== Char.colon || text.charCodeAt(minutes + 2) !== Char.colon) return -1
  date.hour = readDigits(text, at, hourDigits)
  date.minute = readDigits(text, minutes, 2)
  date.second = readDigits(text, minutes + 3, 2)
  if (date.minute === -1 || date.second === -1) return -1
  const end = minutes + 5
  const mark = text.charCodeAt(end)
  if (mark !== Char.dot && mark !== Char.comma && mark !== Char.colon) return end
  const digits = countDigits(text, end + 1, maxFractionRun)
  // Behind a colon only milliseconds are meant: `18:00:00:123`, but not `18:00:00:2026`.
  if (digits === 0 || (mark === Char.colon && digits !== 3)) return end
  date.fraction = text.slice(end + 1, end + 1 + digits)
  return end + 1 + digits
}

/** Reads `Z`, `+hh:mm`, `+hhmm` or `+hh` standing at `at`; returns the offset behind it, or `at` when there is none. */
export function readOffset(text: string, at: number, date: CivilDate): number {
  const sign = text.charCodeAt(at)
  if ((sign | 0x20) === 0x7a) {
    date.zone = 0
    return at + 1
  }
  if (sign !== Char.plus && sign !== Char.minus) return at
  const hours = readDigits(text, at + 1, 2)
  if (hours === -1 || hours > 23) return at
  const colon = text.charCodeAt(at + 3) === Char.colon ? 1 : 0
  let minutes = readDigits(text, at + 3 + colon, 2)
  let end = at + 5 + colon
  if (minutes === -1) {
    minutes = 0
    end = at + 3
  }
  if (minutes > 59 || isDigit(text.charCodeAt(end))) return at
  date.zone = (sign === Char.minus ? -1 : 1) * (hours * 60 + minutes)
  return end
}

export function emptyDate(): CivilDate {
  return { year: undefined, month: 0, day: 0, hour: 0, minute: 0, second: 0, fraction: '', zone: undefined }
}
