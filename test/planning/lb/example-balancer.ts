import { type ConfigInput, configSchema } from '../../../src/config/schema.ts'
import { type Balancer, planBalancer } from '../../../src/planning/lb/balancer.ts'
import { parseHost, parsePools } from '../../../src/planning/lb/pools.ts'
import type { LbProblem, LbResult } from '../../../src/planning/lb/result.ts'

type SourceInput = Partial<ConfigInput['pipelines'][string]['source']>

interface Example {
  readonly pipelines?: Readonly<Record<string, SourceInput>>
  readonly pools?: readonly string[]
  readonly health?: string
  readonly drainDelay?: string
  readonly listen?: string
  readonly name?: string
}

/** A configuration with pipelines of these sources, and the pools, as the command plans them. */
export function plan({ pipelines = { nginx: {} }, pools = ['default=relay-1,relay-2'], ...rest }: Example = {}): LbResult<Balancer> {
  const config = configSchema.parse({
    sinks: { f: { type: 'file' } },
    pipelines: Object.fromEntries(
      Object.entries(pipelines).map(([name, source]) => [name, { source: { type: 'syslog', device: 'nginx', ...source }, sinks: ['f'] }]),
    ),
    ...(rest.health === undefined ? {} : { health: { listen: rest.health } }),
    ...(rest.drainDelay === undefined ? {} : { drain_delay: rest.drainDelay }),
  })
  const listen = rest.listen === undefined ? undefined : parseHost(rest.listen)
  return planBalancer(config, { name: rest.name ?? 'logrelay', listen, pools: must(parsePools(pools)) })
}

export function planned(example: Example = {}): Balancer {
  return must(plan(example))
}

export function must<T>(result: LbResult<T>): T {
  if (result.ok) return result.value
  throw new Error(result.problems.map(({ message }) => message).join('; '))
}

export function problemsOf(result: LbResult<unknown>): readonly LbProblem[] {
  if (result.ok) throw new Error('nothing is wrong')
  return result.problems
}

/** Every kind of pipeline, on names, IPv4 and IPv6. */
export const variety: Example = {
  pipelines: {
    nginx: { proxy_protocol: 'optional', trusted_proxies: ['10.0.0.0/8'] },
    'Cisco_a.s-a': { device: 'cisco-asa', transports: ['tcp', 'tls'], max_connections: 500 },
    ios: { device: 'cisco-ios', transports: ['udp'] },
    relp: { type: 'relp', port: 12_514, proxy_protocol: 'required', trusted_proxies: ['10.0.0.0/8'] },
  },
  pools: ['nginx=10.0.0.1,10.0.0.2', 'default=relay-3,relay-4', 'relp=[2001:db8::1],2001:DB8:0::2'],
  health: '0.0.0.0:9441',
  drainDelay: '45s',
}
