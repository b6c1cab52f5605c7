import { z } from 'zod'

const sizeUnits: Record<string, number> = {
  '': 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
}
const durationUnits: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Timers count in 32 bits: what is longer would fire at once. */
const longestMs = 2 ** 31 - 1

/** Both ends are included; sizes are bytes, durations milliseconds. */
interface Limits {
  readonly min?: number
  readonly max?: number
}

/** A size in bytes: `1GiB`, `500MB`, `65536`. */
export function size({ min = 1, max = Number.MAX_SAFE_INTEGER }: Limits = {}): z.ZodType<number, string | number> {
  const error = 'must be a size such as 64KiB, 500MB or 1GiB'
  return z
    .union([z.string(), z.number()], { error })
    .transform((value, context) => {
      const match = /^(\d+(?:\.\d+)?)\s*([KMGT]i?B|B|)$/.exec(String(value).trim())
      const bytes = match === null ? Number.NaN : Math.round(Number(match[1]) * (sizeUnits[match[2] as string] as number))
      const message = wrong(bytes, error, min, max, formatSize)
      if (message !== undefined) context.addIssue({ code: 'custom', message, input: value })
      return message === undefined ? bytes : z.NEVER
    })
    .meta({ typeName: 'size' })
}

/** A duration in milliseconds: `500ms`, `10s`, `5m`, `1h`, or `off` (0) where `min` allows it. A bare number would leave the unit open and is refused. */
export function duration({ min = 0, max = longestMs }: Limits = {}): z.ZodType<number, string | number | boolean> {
  const error = `must be a duration such as 500ms, 10s, 5m or 1h${min === 0 ? ', or off' : ''}`
  // YAML 1.1 readers turn a bare `off` into false, so both are understood.
  return z
    .union([z.string(), z.number(), z.boolean()], { error })
    .transform((value, context) => {
      const off = value === 'off' || value === false || value === 0 || value === '0'
      const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(String(value).trim())
      const given = match === null ? Number.NaN : Math.round(Number(match[1]) * (durationUnits[match[2] as string] as number))
      const message = wrong(off ? 0 : given, error, min, max, formatDuration)
      if (message !== undefined) context.addIssue({ code: 'custom', message, input: value })
      return message !== undefined ? z.NEVER : off ? 0 : given
    })
    .meta({ typeName: 'duration' })
}

function wrong(value: number, error: string, min: number, max: number, format: (value: number) => string): string | undefined {
  if (Number.isNaN(value)) return error
  if (value < min) return `must be at least ${format(min)}`
  return value > max ? `must be at most ${format(max)}` : undefined
}

/** The shortest exact way to write a size: `64KiB`, `500MB`, `1000`. */
export function formatSize(bytes: number): string {
  for (const unit of ['TiB', 'TB', 'GiB', 'GB', 'MiB', 'MB', 'KiB', 'KB'] as const) {
    const count = bytes / (sizeUnits[unit] as number)
    if (count >= 1 && Number.isInteger(count)) return `${count}${unit}`
  }
  return String(bytes)
}

/** The shortest exact way to write a duration: `5m`, `10s`, `1500ms`, `off`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return 'off'
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const count = ms / (durationUnits[unit] as number)
    if (Number.isInteger(count)) return `${count}${unit}`
  }
  return `${ms}ms`
}
