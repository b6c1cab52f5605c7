/** Offsets from UTC in minutes, east positive. `early` and `late` differ only where a clock was set back: the hour that happens twice. */
interface Offsets {
  readonly early: number
  readonly late: number
}

/** All changes of civil time that devices live through fall on a quarter of an hour. */
const bucketMs = 15 * 60_000
const dayMs = 86_400_000
/** Buckets kept per zone: 42 days of them; a live relay needs two or three. */
const maxBuckets = 4096
/** Zones kept; a configuration names a few. */
const maxZones = 256

class Zone {
  readonly #formatter: Intl.DateTimeFormat
  readonly #buckets = new Map<number, Offsets>()

  constructor(name: string) {
    this.#formatter = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      calendar: 'iso8601',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  }

  /** `localMs`: the wall clock's reading as if it were UTC. */
  offsets(localMs: number): Offsets {
    const bucket = Math.floor(localMs / bucketMs)
    let found = this.#buckets.get(bucket)
    if (found === undefined) {
      found = this.#compute(bucket * bucketMs)
      if (this.#buckets.size >= maxBuckets) this.#buckets.clear()
      this.#buckets.set(bucket, found)
    }
    return found
  }

  #compute(localMs: number): Offsets {
    const before = this.#offsetAt(localMs - dayMs)
    const after = this.#offsetAt(localMs + dayMs)
    const beforeHolds = this.#offsetAt(localMs - before * 60_000) === before
    const afterHolds = this.#offsetAt(localMs - after * 60_000) === after
    if (beforeHolds && afterHolds) return { early: before, late: after }
    // In the gap where a clock was set forward no reading is right: the clock that was not set yet reads so.
    const offset = afterHolds ? after : before
    return { early: offset, late: offset }
  }

  #offsetAt(utcMs: number): number {
    const fields: Record<string, number> = {}
    for (const { type, value } of this.#formatter.formatToParts(utcMs)) fields[type] = Number(value)
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = fields
    return Math.round((Date.UTC(year, month - 1, day, hour, minute, second) - utcMs) / 60_000)
  }
}

const zones = new Map<string, Zone | number | undefined>()

/**
 * Offset from UTC, in minutes, of a wall clock that reads `localMs` (as if it were UTC) in `timezone`: an IANA name or
 * `+hh:mm`. Of the two moments that an hour happening twice may mean, the one nearer to `nearMs`. Undefined for a zone that does not exist.
 */
export function zoneOffset(timezone: string, localMs: number, nearMs: number): number | undefined {
  if (timezone === 'UTC') return 0
  let zone = zones.get(timezone)
  if (zone === undefined && !zones.has(timezone)) {
    zone = createZone(timezone)
    if (zones.size >= maxZones) zones.clear()
    zones.set(timezone, zone)
  }
  if (zone === undefined || typeof zone === 'number') return zone
  const { early, late } = zone.offsets(localMs)
  if (early === late) return early
  const distance = (offset: number): number => Math.abs(localMs - offset * 60_000 - nearMs)
  return distance(early) <= distance(late) ? early : late
}

function createZone(timezone: string): Zone | number | undefined {
  const fixed = /^([+-])(\d\d):?(\d\d)?$/.exec(timezone)
  if (fixed !== null) return (fixed[1] === '-' ? -1 : 1) * (Number(fixed[2]) * 60 + Number(fixed[3] ?? 0))
  try {
    return new Zone(timezone)
  } catch {
    // RangeError: no such zone. The configuration refuses it; whoever asks here is told by `undefined`.
    return undefined
  }
}
