import type { ParseOptions, Problem } from '../message.ts'
import { zoneOffset } from './zone.ts'
import { namedOffset } from './zone-names.ts'

/** A date as it was written. */
export interface CivilDate {
  /** Undefined when it names none. */
  year: number | undefined
  /** 1 to 12 */
  month: number
  day: number
  hour: number
  minute: number
  second: number
  /** Digits behind the point, as many as were sent. */
  fraction: string
  /** Minutes east of UTC, or the zone's name; undefined when it names none. */
  zone: number | string | undefined
}

/** A date found at the start of some text. */
export interface FoundDate {
  /** RFC 3339; undefined when the date does not exist. */
  readonly timestamp: string | undefined
  readonly problem: Problem | undefined
  /** The offset behind it. */
  readonly end: number
}

const monthLengths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const twoDigits = Array.from({ length: 100 }, (_, n) => String(n).padStart(2, '0'))
/** RFC 3339 allows any number of digits; nanoseconds are the most that anything downstream reads. */
const maxFractionDigits = 9
/** As far as one leap year may be from the next (1896, 1904). */
const maxLeapGap = 8
/** Minutes from UTC. Stores that run on Java read no more (java.time.ZoneOffset) and refuse the document; no zone has more than 14 hours. */
const maxOffset = 18 * 60

/** Turns a written date into RFC 3339: adds what it leaves out and checks what it has. */
export function resolveDate(date: CivilDate, end: number, options: ParseOptions): FoundDate {
  let problem: Problem | undefined
  if (date.second === 60) {
    // RFC 5424 6.2.3 forbids leap seconds and many stores refuse them.
    date.second = 59
    problem = 'leap_second'
  }
  const year = date.year ?? nearestYear(date, options.receivedAtMs)
  if (year === undefined || !exists(date, year)) return { timestamp: undefined, problem: 'bad_timestamp', end }
  let offset = typeof date.zone === 'number' ? date.zone : undefined
  if (offset === undefined) {
    const configured = zoneOffset(options.timezone, utcMs(date, year), options.receivedAtMs)
    if (configured === undefined) problem = 'unknown_zone'
    offset = configured ?? 0
    if (typeof date.zone === 'string') {
      const named = namedOffset(date.zone, offset)
      if (named === undefined) problem = 'unknown_zone'
      else offset = named
    }
  }
  if (Math.abs(offset) > maxOffset) return { timestamp: undefined, problem: 'bad_timestamp', end }
  return { timestamp: format(date, year, offset), problem, end }
}

/**
 * The year in which the date is nearest to the receive time: 31 December read on 1 January is last year's. 29 February
 * takes the nearest leap year. The zone is left out of it: hours do not matter where years are compared.
 */
export function nearestYear(date: CivilDate, receivedAtMs: number): number | undefined {
  const received = new Date(receivedAtMs).getUTCFullYear()
  const reach = date.month === 2 && date.day === 29 ? maxLeapGap : 1
  let best: number | undefined
  let bestDistance = Number.POSITIVE_INFINITY
  for (let year = received - reach; year <= received + reach; year++) {
    if (!exists(date, year)) continue
    const distance = Math.abs(utcMs(date, year) - receivedAtMs)
    if (distance < bestDistance) {
      best = year
      bestDistance = distance
    }
  }
  return best
}

function exists(date: CivilDate, year: number): boolean {
  const { month, day, hour, minute, second } = date
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59) return false
  if (day > (monthLengths[month - 1] as number)) return false
  return month !== 2 || day !== 29 || (year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0))
}

function utcMs(date: CivilDate, year: number): number {
  return Date.UTC(year, date.month - 1, date.day, date.hour, date.minute, date.second)
}

function format(date: CivilDate, year: number, offset: number): string {
  const fraction = date.fraction === '' ? '' : `.${date.fraction.slice(0, maxFractionDigits)}`
  const day = `${String(year).padStart(4, '0')}-${twoDigits[date.month]}-${twoDigits[date.day]}`
  return `${day}T${twoDigits[date.hour]}:${twoDigits[date.minute]}:${twoDigits[date.second]}${fraction}${formatOffset(offset)}`
}

function formatOffset(minutes: number): string {
  if (minutes === 0) return 'Z'
  const size = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${twoDigits[Math.floor(size / 60)]}:${twoDigits[size % 60]}`
}
