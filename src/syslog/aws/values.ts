import { readIpv6 } from '../../protocols/proxy-address.ts'
import type { ParseOptions } from '../message.ts'
import { formatEpoch } from '../timestamp/epoch.ts'
import { readRfc3339 } from '../timestamp/rfc3339.ts'

/** Fields of a document, nested; what is undefined is left out of it (`pruned`). */
export type Fields = Record<string, unknown>

/** What is read of a record. */
export interface AwsRecord {
  /** RFC 3339. */
  readonly timestamp?: string
  readonly fields: Fields
}

/** AWS writes UTC everywhere, and years. */
const utc: ParseOptions = { timezone: 'UTC', receivedAtMs: 0 }
const ipv4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/
const digits = /^-?\d{1,15}$/
const decimal = /^-?\d{1,15}(?:\.\d+)?$/
/** Objects and arrays within each other: deeper ones could not be written again without running out of stack. */
export const maxJsonLevels = 64
/** Seconds since the epoch up to the year 9999. */
const epochSeconds = /^\d{1,11}$/

/** A word; `-` is AWS's way to say that there is none. */
export function word(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value !== '-' ? value : undefined
}

export function integer(value: string | undefined): number | undefined {
  return value !== undefined && digits.test(value) ? Number(value) : undefined
}

export function number(value: string | undefined): number | undefined {
  return value !== undefined && decimal.test(value) ? Number(value) : undefined
}

/** Not negative: load balancers write -1 where a time could not be measured. */
export function measured(value: string | undefined): number | undefined {
  const read = number(value)
  return read === undefined || read < 0 ? undefined : read
}

/** An address that Elasticsearch takes as `ip`. */
export function ip(value: unknown): string | undefined {
  const address = word(value)
  if (address === undefined) return undefined
  const valid = address.includes(':') ? readIpv6(address) !== undefined : ipv4.test(address)
  return valid ? address : undefined
}

/** `10.0.0.1:80`, `[2001:db8::1]:80`; undefined for `-`. */
export function endpoint(value: string | undefined): { address: string; ip: string | undefined; port: number | undefined } | undefined {
  const written = word(value)
  if (written === undefined) return undefined
  const colon = written.lastIndexOf(':')
  const address = (colon === -1 ? written : written.slice(0, colon)).replace(/^\[(.*)\]$/, '$1')
  return { address, ip: ip(address), port: colon === -1 ? undefined : integer(written.slice(colon + 1)) }
}

/** RFC 3339 of a date as AWS writes them, with or without a `Z`; undefined when it is none. */
export function timestamp(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  const found = readRfc3339(value, 0, utc)
  return found !== undefined && found.end === value.length ? found.timestamp : undefined
}

/** RFC 3339 of seconds since the epoch. */
export function epochTime(value: string | undefined): string | undefined {
  return value !== undefined && epochSeconds.test(value) ? formatEpoch(Number(value), '') : undefined
}

/** Values that occur, once each; undefined when there are none. */
export function related(...values: (string | undefined)[]): string[] | undefined {
  const all = new Set(values.filter((value) => value !== undefined))
  return all.size === 0 ? undefined : [...all]
}

/** As ECS wants it of an HTTP status. */
export function outcome(status: number | undefined): string | undefined {
  if (status === undefined) return undefined
  return status > 0 && status < 400 ? 'success' : 'failure'
}

/** The object of a JSON text; undefined when it is none. */
export function jsonObject(text: string): Fields | undefined {
  if (!text.trimStart().startsWith('{')) return undefined
  try {
    const value = asObject(JSON.parse(text))
    return value !== undefined && isShallow(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isShallow(value: unknown, levels = 0): boolean {
  if (typeof value !== 'object' || value === null) return true
  return levels < maxJsonLevels && Object.values(value).every((each) => isShallow(each, levels + 1))
}

export function asObject(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined
}

/** Without what is undefined, and what is then empty. A copy: objects that properties are deleted from are slow ever after. */
export function pruned(fields: Fields): Fields {
  return prune(fields) ?? {}
}

function prune(fields: Fields): Fields | undefined {
  let kept: Fields | undefined
  for (const name in fields) {
    const value = fields[name]
    const left = isPlain(value) ? prune(value) : value
    if (left === undefined) continue
    kept ??= {}
    kept[name] = left
  }
  return kept
}

function isPlain(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
