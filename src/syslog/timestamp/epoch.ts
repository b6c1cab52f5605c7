import { Char, countDigits, isBlank } from '../chars.ts'
import type { FoundDate } from './civil.ts'

/** Digits of an epoch in seconds between 2001 and 2286. */
const secondsDigits = 10
const maxFractionDigits = 9

/** Reads `1763748000.123456789` (Meraki): seconds since the epoch with a fraction, and nothing but a blank behind it. */
export function readEpoch(text: string, at: number): FoundDate | undefined {
  if (countDigits(text, at, secondsDigits) !== secondsDigits) return undefined
  let end = at + secondsDigits
  let fraction = ''
  if (text.charCodeAt(end) === Char.dot) {
    const digits = countDigits(text, end + 1, maxFractionDigits)
    fraction = text.slice(end + 1, end + 1 + digits)
    end += 1 + digits
  }
  // Ten digits alone may be anything: the fraction tells a time from a number.
  if (fraction === '' || !isBlank(text.charCodeAt(end))) return undefined
  return { timestamp: formatEpoch(Number(text.slice(at, at + secondsDigits)), fraction), problem: undefined, end }
}

/** RFC 3339 in UTC. `fraction`: digits behind the point. */
export function formatEpoch(seconds: number, fraction: string): string {
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19)
  return fraction === '' ? `${whole}Z` : `${whole}.${fraction}Z`
}
