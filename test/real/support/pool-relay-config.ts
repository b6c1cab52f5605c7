import type { ConfigInput } from '../../../src/config/schema.ts'

type Pipeline = ConfigInput['pipelines'][string]

/** The ports that all nodes of the pool and their balancers share, each on its own address. */
export interface PoolPorts {
  /** Syslog over UDP, TCP and TLS. */
  readonly nginx: number
  readonly relp: number
  /** /livez and /readyz, for the balancer. */
  readonly health: number
}

export interface PoolNode {
  readonly name: string
  readonly address: string
  readonly dataDir: string
  readonly ports: PoolPorts
  readonly adminPort: number
  readonly upstreamPort: number
}

/** What a scenario may want otherwise than the rest. */
export interface NodeOptions {
  readonly queue?: Pipeline['queue']
  /** Keys that both sources have. */
  readonly source?: Pick<Extract<Pipeline['source'], { type: 'relp' }>, 'proxy_protocol' | 'trusted_proxies' | 'max_connection_age'>
  readonly drainDelay?: string
}

/** Where the balancers listen and connect from: the only one whose PROXY headers the nodes believe. */
export const balancerAddress = '127.0.0.1'

/** The configuration of one node: the same pipelines on all of them, on addresses of their own. */
export function nodeConfiguration(node: PoolNode, { queue, source, drainDelay = '1s' }: NodeOptions): ConfigInput {
  const { address, ports } = node
  const behind = {
    host: address,
    proxy_protocol: 'required' as const,
    trusted_proxies: [`${balancerAddress}/32`],
    ...source,
  }
  return {
    data_dir: node.dataDir,
    admin: { listen: `127.0.0.1:${node.adminPort}` },
    health: { listen: `${address}:${ports.health}` },
    drain_delay: drainDelay,
    sinks: {
      upstream: {
        type: 'syslog',
        endpoints: [`tcp://127.0.0.1:${node.upstreamPort}`],
        format: 'rfc5424',
        retry: { initial: '100ms', max: '1s' },
      },
    },
    pipelines: {
      nginx: { source: { type: 'syslog', device: 'nginx', port: ports.nginx, ...behind }, queue, sinks: ['upstream'] },
      relp: { source: { type: 'relp', port: ports.relp, ...behind }, queue, sinks: ['upstream'] },
    },
  }
}
