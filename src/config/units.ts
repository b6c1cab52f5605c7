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

/** A size in bytes: `1GiB`, `500MB`, `65536`. */
export function size(): z.ZodType<number, string | number> {
  return z.union([z.string(), z.number()]).transform((value, context) => {
    const match = /^(\d+(?:\.\d+)?)\s*([KMGT]i?B|B|)$/.exec(String(value).trim())
    if (match !== null) return Math.round(Number(match[1]) * (sizeUnits[match[2] as string] as number))
    context.addIssue({ code: 'custom', message: 'must be a size such as 64KiB, 500MB or 1GiB' })
    return z.NEVER
  })
}

/** A duration in milliseconds: `500ms`, `10s`, `5m`, `1h`, or `off` (0). A bare number would leave the unit open and is refused. */
export function duration(): z.ZodType<number, string | number | boolean> {
  // YAML 1.1 readers turn a bare `off` into false, so both are understood.
  return z.union([z.string(), z.number(), z.boolean()]).transform((value, context) => {
    if (value === 'off' || value === false || value === 0 || value === '0') return 0
    const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(String(value).trim())
    if (match !== null) return Math.round(Number(match[1]) * (durationUnits[match[2] as string] as number))
    context.addIssue({ code: 'custom', message: 'must be a duration such as 500ms, 10s, 5m or 1h, or off' })
    return z.NEVER
  })
}
