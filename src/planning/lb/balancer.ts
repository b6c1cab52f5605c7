import { effectivePort } from '../../config/effective-port.ts'
import { listeningPipelines } from '../../config/listening.ts'
import { isLoopback } from '../../config/listening-checks.ts'
import { nearest } from '../../config/nearest.ts'
import type { Config, ListeningSourceConfig } from '../../config/schema.ts'
import { defaultPool, type LbHost, type LbPools } from './pools.ts'
import { failed, type LbProblem, type LbResult, succeeded } from './result.ts'

/** What a load balancer has to do for one relay configuration, whatever the balancer is. */
export interface Balancer {
  /** Begins the name of everything that is made: letters, digits, hyphens. */
  readonly name: string
  /** Where the balancer listens. Undefined: everywhere. */
  readonly listen?: LbHost | undefined
  /** In the order of the configuration; at least one. */
  readonly pipelines: readonly BalancedPipeline[]
  /** Those that a pipeline uses. */
  readonly pools: readonly BalancerPool[]
  /** The relays' health listener, where a balancer on another machine can reach it. */
  readonly healthPort?: number | undefined
  readonly drainDelayMs: number
  /** What is doubtful about the whole; for people. */
  readonly warnings: readonly string[]
}

export interface BalancerPool {
  readonly name: string
  readonly hosts: readonly LbHost[]
}

/** One port: the balancer listens on the number that the relays have. */
export interface BalancedPipeline {
  readonly name: string
  readonly port: number
  /** TCP or TLS, which is passed through on the same port. */
  readonly tcp: boolean
  readonly udp: boolean
  readonly proxyProtocol: ListeningSourceConfig['proxy_protocol']
  /** Of one relay. */
  readonly maxConnections: number
  readonly pool: BalancerPool
}

type RelayConfig = Pick<Config, 'pipelines' | 'health' | 'drain_delay'>

/** So long that the port and a part of the pipeline's name still fit into the 32 characters of a name in AWS. */
const validName = /^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$/i

/** `config` is the one that every relay of every pool runs. */
export function planBalancer(
  config: RelayConfig,
  { name, listen, pools }: { readonly name: string; readonly listen?: LbHost | undefined; readonly pools: LbPools },
): LbResult<Balancer> {
  const problems = [...wrongName(name), ...wrongPools(config, pools)]
  if (problems.length > 0) return failed(...problems)
  const used = new Map<string, BalancerPool>()
  const pipelines = listeningPipelines(config).map(([pipeline, { source }]): BalancedPipeline => {
    const poolName = pools.has(pipeline) ? pipeline : defaultPool
    // Without a pool of its own there is the default one: wrongPools has looked.
    const pool = used.get(poolName) ?? { name: poolName, hosts: pools.get(poolName) as readonly LbHost[] }
    used.set(poolName, pool)
    return {
      name: pipeline,
      port: effectivePort(source),
      tcp: source.transports.some((transport) => transport !== 'udp'),
      udp: source.transports.some((transport) => transport === 'udp'),
      proxyProtocol: source.proxy_protocol,
      maxConnections: source.max_connections,
      pool,
    }
  })
  const wrong = wrongPorts(pipelines)
  if (wrong.length > 0) return failed(...wrong)
  const health = config.health?.listen
  return succeeded({
    name,
    listen,
    pipelines,
    pools: [...used.values()],
    healthPort: health === undefined || health.port === 0 || isLoopback(health.host) ? undefined : health.port,
    drainDelayMs: config.drain_delay,
    warnings: warningsOf(config, pools, used),
  })
}

function wrongName(name: string): LbProblem[] {
  if (validName.test(name)) return []
  return [{ message: `--name ${JSON.stringify(name)} must be 1 to 20 letters, digits or hyphens, a letter first and no hyphen last` }]
}

function wrongPools(config: RelayConfig, pools: LbPools): LbProblem[] {
  const names = listeningPipelines(config).map(([name]) => name)
  if (names.length === 0) return [{ message: 'no pipeline of the configuration has a port: there is nothing to balance' }]
  const problems: LbProblem[] = []
  for (const pool of pools.keys()) {
    if (pool === defaultPool || names.includes(pool)) continue
    const near = nearest(pool, [...names, defaultPool])
    const hint = near === undefined ? `the configuration has ${names.join(', ')}; "${defaultPool}" stands for the rest` : `write "${near}"`
    problems.push({ message: `--pool ${JSON.stringify(pool)}: there is no such pipeline`, hint })
  }
  const without = pools.has(defaultPool) ? [] : names.filter((name) => !pools.has(name))
  if (without.length > 0) {
    const hint = `add --pool ${without[0]}=HOST,HOST for each, or --pool ${defaultPool}=HOST,HOST for all of them`
    problems.push({ message: `no --pool for ${without.join(', ')}`, hint })
  }
  return problems
}

function wrongPorts(pipelines: readonly BalancedPipeline[]): LbProblem[] {
  const problems: LbProblem[] = []
  for (const [index, pipeline] of pipelines.entries()) {
    const { name, port } = pipeline
    if (port === 0) {
      problems.push({ message: `pipeline ${name} has port 0: a balancer cannot know which one the system chooses`, hint: 'set its port' })
      continue
    }
    const other = pipelines.slice(0, index).find((earlier) => meet(earlier, pipeline))
    if (other !== undefined) {
      const message = `pipelines ${other.name} and ${name} both have port ${port}, which a balancer cannot tell apart`
      problems.push({ message, hint: 'give one of them another port' })
    }
  }
  return problems
}

/** On one machine two pipelines may share a port at different addresses; behind one balancer they may not. */
function meet(a: BalancedPipeline, b: BalancedPipeline): boolean {
  return a.port === b.port && ((a.tcp && b.tcp) || (a.udp && b.udp))
}

function warningsOf(config: RelayConfig, pools: LbPools, used: ReadonlyMap<string, BalancerPool>): string[] {
  const warnings: string[] = []
  const local = listeningPipelines(config).filter(([, { source }]) => isLoopback(source.host))
  if (local.length > 0) {
    const names = local.map(([name]) => name).join(', ')
    warnings.push(`${names}: the relay listens on loopback alone, so a balancer on another machine does not reach it; set source.host`)
  }
  const health = config.health?.listen
  if (health !== undefined && isLoopback(health.host))
    warnings.push('health.listen is on loopback: no balancer on another machine reaches it')
  for (const pool of pools.keys()) if (!used.has(pool)) warnings.push(`pool ${pool} is not used: every pipeline has a pool of its own`)
  return warnings
}
