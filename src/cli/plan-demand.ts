import { nearest } from '../config/nearest.ts'
import { type Config, configSchema, type PipelineConfig } from '../config/schema.ts'
import type { PoolDemand } from '../planning/sizing.ts'
import type { PipelineDemand } from '../planning/sizing-pipeline.ts'
import { UsageError } from './command.ts'
import type { NamedValues } from './plan-options.ts'

/** As much of a configuration as sizing needs. */
export type PlannedConfig = Pick<Config, 'pipelines' | 'min_free_disk'>

interface Asked {
  /** Undefined without a configuration: the pipelines are then those that rates and pools name. */
  readonly config: PlannedConfig | undefined
  readonly rates: NamedValues
  readonly pools: ReadonlyMap<string, readonly string[]>
  readonly nodes: NamedValues
}

/** Pipelines that no --pool names are in this one. */
const restPool = 'default'

/** Puts every pipeline, with its rate, into its pool. Throws UsageError where a name is unknown or a rate is missing. */
export function poolDemands({ config, rates, pools, nodes }: Asked): PoolDemand[] {
  const named = [...new Set([...rates.named.keys(), ...[...pools.values()].flat()])]
  const all = config === undefined ? withOthers(named, rates) : Object.keys(config.pipelines)
  for (const name of named) if (!all.includes(name)) throw unknownName('pipeline', name, all)
  const pipelines = new Map(all.map((name) => [name, pipelineDemand(name, all, rates, config)]))
  const placed = new Set([...pools.values()].flat())
  const rest = all.filter((name) => !placed.has(name))
  const members = new Map(pools)
  if (rest.length > 0) members.set(restPool, [...(pools.get(restPool) ?? []), ...rest])
  for (const name of nodes.named.keys()) if (!members.has(name)) throw unknownName('pool', name, [...members.keys()])
  return [...members].map(([name, list]) => {
    const given = nodes.named.get(name) ?? nodes.others
    return { name, pipelines: list.map((pipeline) => pipelines.get(pipeline) as PipelineDemand), ...(given && { nodes: given }) }
  })
}

/** Without a configuration a rate that names nothing stands for a pipeline of its own, unless a pool names one that needs it. */
function withOthers(named: readonly string[], rates: NamedValues): readonly string[] {
  if (rates.others === undefined || named.some((name) => !rates.named.has(name))) return named
  return [...named, named.length === 0 ? 'all' : 'others']
}

function pipelineDemand(name: string, all: readonly string[], rates: NamedValues, config: PlannedConfig | undefined): PipelineDemand {
  const sharing = all.filter((other) => !rates.named.has(other)).length
  const rate = rates.named.get(name) ?? (rates.others === undefined ? undefined : rates.others / sharing)
  if (rate === undefined) {
    throw new UsageError(`--rate: none for the pipeline ${name}`, `--rate ${name}=N, or --rate N for all that are not named, together`)
  }
  const configured = config?.pipelines[name]
  if (configured === undefined) return { name, messagesPerSecond: rate, sinks: 1, udp: { sockets: 1 } }
  return { name, messagesPerSecond: rate, ...configuredDemand(configured) }
}

function configuredDemand({ source, queue, sinks }: PipelineConfig): Omit<PipelineDemand, 'name' | 'messagesPerSecond'> {
  // RELP has no UDP, and so no receive_buffer.
  const udp =
    source.type === 'syslog' && source.transports.includes('udp')
      ? { udp: { sockets: source.udp_sockets, receiveBufferBytes: source.receive_buffer } }
      : {}
  return { sinks: sinks.length, maxSizeBytes: queue.max_size, ...udp }
}

/** Of the configuration, or the default. */
export function minFreeDisk(config: PlannedConfig | undefined): number {
  return config?.min_free_disk ?? configSchema.shape.min_free_disk.parse(undefined)
}

function unknownName(what: string, name: string, known: readonly string[]): UsageError {
  const near = nearest(name, [...known])
  return new UsageError(
    `there is no ${what} ${name}`,
    near === undefined ? `there is ${known.join(', ')}` : `${near} may be what you meant`,
  )
}
