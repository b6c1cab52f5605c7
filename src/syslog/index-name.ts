import type { DataStream } from './document.ts'

/** What fills in `{pipeline}` and `{device}`. */
export interface IndexNames {
  readonly pipeline: string
  readonly device: string
}

/** Elasticsearch takes no longer name. */
const maxLength = 255

/**
 * The index of a message by its receive time, for a pattern such as `syslog-{pipeline}-{yyyy.MM.dd}`; or a name alone where the pattern has no
 * date. The date is in UTC, so a message that is sent again meets the same index.
 */
export function indexNamer(pattern: string, names: IndexNames): string | ((receivedAtMs: number) => string) {
  const nameAt = (date: string) => fill(pattern, (field) => nameOf(field, names) ?? formatDate(field, date))
  if (!hasDate(pattern)) return nameAt('')
  let kept = Number.NaN
  let name = ''
  return (receivedAtMs) => {
    const hour = Math.floor(receivedAtMs / 3_600_000)
    if (hour !== kept) {
      name = nameAt(new Date(hour * 3_600_000).toISOString())
      kept = hour
    }
    return name
  }
}

/** Whether documents of different days go to different indices. */
export function hasDate(pattern: string): boolean {
  return fill(pattern, (field) => (field === 'pipeline' || field === 'device' ? '' : '{')).includes('{')
}

/** The parts of a data stream's name with `{pipeline}` and `{device}` filled in. A dash stands between the parts, so within them it is `_`. */
export function fillDataStream({ type, dataset, namespace }: DataStream, names: IndexNames): DataStream {
  const part = (pattern: string) => fill(pattern, (field) => nameOf(field, names) ?? '').replaceAll('-', '_')
  return { type: part(type), dataset: part(dataset), namespace: part(namespace) }
}

export function dataStreamName({ type, dataset, namespace }: DataStream): string {
  return `${type}-${dataset}-${namespace}`
}

/** The pattern with `*` in place of its fields; where `names` are given, of its dates alone. */
export function indexWildcard(pattern: string, names?: IndexNames): string {
  return fill(pattern, (field) => (names && nameOf(field, names)) ?? '*').replace(/\*+/g, '*')
}

function fill(pattern: string, resolve: (field: string) => string): string {
  return pattern.replace(/\{([^{}]*)\}/g, (_whole, field: string) => resolve(field)).slice(0, maxLength)
}

/** As Elasticsearch takes it: in lower case, with `_` for what it does not allow. */
function nameOf(field: string, names: IndexNames): string | undefined {
  if (field !== 'pipeline' && field !== 'device') return undefined
  return names[field].toLowerCase().replace(/[^a-z0-9_.+-]/g, '_')
}

const places: Readonly<Record<string, readonly [from: number, to: number]>> = { y: [0, 4], M: [5, 7], d: [8, 10], H: [11, 13] }

/** `yyyy.MM.dd` of an RFC 3339 date; `yy` is the year's last two digits, and `M` is written like `MM`. */
function formatDate(field: string, date: string): string {
  return field.replace(/y+|M+|d+|H+/g, (letters) => {
    const [from, to] = places[letters.charAt(0)] as readonly [number, number]
    return date.slice(letters === 'yy' ? from + 2 : from, to)
  })
}
