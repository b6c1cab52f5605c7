import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { duration, size } from '../config/units.ts'
import { type Measurement, measurementSchema } from '../planning/sizing-measurement.ts'
import type { Failures } from '../planning/sizing-nodes.ts'
import { UsageError } from './command.ts'

/** A value for all, and values for those that are named: `--rate 5000 --rate nginx=50000`. */
export interface NamedValues {
  readonly others?: number
  readonly named: ReadonlyMap<string, number>
}

/** Reads `VALUE` and `NAME=VALUE`, each once. `what` names the option in errors. */
export function readNamedValues(what: string, texts: readonly string[], readValue: (what: string, text: string) => number): NamedValues {
  const named = new Map<string, number>()
  let others: number | undefined
  for (const text of texts) {
    const at = text.lastIndexOf('=')
    const name = text.slice(0, Math.max(at, 0))
    const value = readValue(`${what} ${text}`, text.slice(at + 1))
    if (at === 0) throw new UsageError(`${what} ${text}: a name is missing before "="`)
    if (at < 0 ? others !== undefined : named.has(name))
      throw new UsageError(`${what} ${text}: there is one for ${name || 'all others'} already`)
    if (at < 0) others = value
    else named.set(name, value)
  }
  return { ...(others === undefined ? {} : { others }), named }
}

/** Reads `NAME=PIPELINE,PIPELINE`, or `PIPELINE` for a pool that has its name and nothing else. */
export function readPools(texts: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const pools = new Map<string, readonly string[]>()
  const placed = new Set<string>()
  for (const text of texts) {
    const [, name = '', list = name] = /^([^=]+)(?:=(.+))?$/.exec(text) ?? []
    const pipelines = list.split(',').map((pipeline) => pipeline.trim())
    if (pipelines.includes('')) throw new UsageError(`--pool ${text}: must be NAME=PIPELINE,PIPELINE or PIPELINE`)
    if (pools.has(name)) throw new UsageError(`--pool ${text}: there is a pool ${name} already`)
    for (const pipeline of pipelines) {
      if (placed.has(pipeline)) throw new UsageError(`--pool ${text}: the pipeline ${pipeline} is in a pool already`)
      placed.add(pipeline)
    }
    pools.set(name, pipelines)
  }
  return pools
}

export function readRate(what: string, text: string): number {
  const rate = text.trim() === '' ? Number.NaN : Number(text)
  if (!(rate > 0 && rate <= 1e12)) throw new UsageError(`${what}: must be messages per second, a number above 0`)
  return rate
}

export function readCount(what: string, text: string, { min, max = 1_000_000 }: { min: number; max?: number }): number {
  const count = /^\d+$/.test(text.trim()) ? Number(text) : Number.NaN
  if (!(count >= min && count <= max)) throw new UsageError(`${what}: must be a whole number from ${min} to ${max}`)
  return count
}

export function readShare(what: string, text: string, { min, max }: { min: number; max: number }): number {
  const share = text.trim() === '' ? Number.NaN : Number(text)
  if (!(share >= min && share <= max)) throw new UsageError(`${what}: must be a number from ${min} to ${max}`)
  return share
}

/** Bytes, written as in the configuration. */
export function readSize(what: string, text: string): number {
  return readWith(size({ max: 16 * 2 ** 20 }), what, text)
}

/** Seconds, written as in the configuration. */
export function readSeconds(what: string, text: string): number {
  return readWith(duration({ min: 1000 }), what, text) / 1000
}

function readWith(schema: z.ZodType<number>, what: string, text: string): number {
  const result = schema.safeParse(text)
  if (!result.success) throw new UsageError(`${what}: ${result.error.issues[0]?.message}`)
  return result.data
}

/** `1`: so many nodes; `zone`: one of `zones` zones. */
export function readFailures(failures: string, zones: string): Failures {
  if (failures === 'zone') return { zones: readCount(`--zones ${zones}`, zones, { min: 2, max: 1000 }) }
  if (!/^\d+$/.test(failures)) throw new UsageError(`--failures ${failures}: must be a number of nodes, or "zone"`)
  return { nodes: readCount(`--failures ${failures}`, failures, { min: 0, max: 1000 }) }
}

/** What `logrelay bench-self` has written. */
export async function readMeasurement(file: string): Promise<Measurement> {
  const hint = 'logrelay bench-self --out FILE writes such a file'
  let value: unknown
  try {
    value = JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    throw new UsageError(`--measured ${file} cannot be read: ${(error as Error).message}`, hint)
  }
  const result = measurementSchema.safeParse(value)
  if (result.success) return result.data
  throw new UsageError(`--measured ${file} is not a measurement: ${z.prettifyError(result.error).replaceAll('\n', ' ')}`, hint)
}
