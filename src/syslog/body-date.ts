import type { Fields } from './merge-into.ts'
import type { ParseOptions } from './message.ts'
import { formatEpoch } from './timestamp/epoch.ts'
import { readRfc3339 } from './timestamp/rfc3339.ts'

/** Where JSON logs keep their time, the surest first. `ts`: Zeek. `eventTime`: CloudTrail. */
const names = ['@timestamp', 'timestamp', 'time', 'eventTime', 'ts'] as const

export interface BodyDate {
  /** RFC 3339. */
  readonly timestamp: string
  /** The field that had it. */
  readonly field: string
}

/** The time that a JSON body names itself: ISO 8601, or seconds or milliseconds since the epoch (2001 to 2286). */
export function bodyDate(fields: Fields, options: ParseOptions): BodyDate | undefined {
  for (const field of names) {
    const timestamp = Object.hasOwn(fields, field) ? dateOf(fields[field], options) : undefined
    if (timestamp !== undefined) return { timestamp, field }
  }
  return undefined
}

function dateOf(value: unknown, options: ParseOptions): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined
  const text = String(value).trim()
  const seconds = /^(\d{10})(?:\.(\d{1,9})\d*)?$/.exec(text)
  if (seconds !== null) return formatEpoch(Number(seconds[1]), seconds[2] ?? '')
  const ms = /^(\d{10})(\d{3})(?:\.\d*)?$/.exec(text)
  if (ms !== null) return formatEpoch(Number(ms[1]), ms[2] as string)
  const date = readRfc3339(text, 0, options)
  return date?.end === text.length ? date.timestamp : undefined
}
