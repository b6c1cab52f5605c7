import { effectivePort } from '../../config/effective-port.ts'
import { listeningPipelines } from '../../config/listening.ts'
import type { Config } from '../../config/schema.ts'
import type { Protocol } from './socket-table.ts'

/** One place where the relay will listen. */
export interface Listener {
  /** `pipeline nginx`, `admin`, `health`. */
  readonly who: string
  readonly pipeline?: string
  /** As configured: an address or a name. */
  readonly host: string
  readonly port: number
  readonly protocols: readonly Protocol[]
}

export function configuredListeners(config: Config): Listener[] {
  const http = { admin: config.admin.listen, ...(config.health !== undefined && { health: config.health.listen }) }
  return [
    ...listeningPipelines(config).map(([pipeline, { source }]): Listener => {
      const protocols = [...new Set(source.transports.map((transport): Protocol => (transport === 'udp' ? 'udp' : 'tcp')))].sort()
      return { who: `pipeline ${pipeline}`, pipeline, host: source.host, port: effectivePort(source), protocols }
    }),
    ...Object.entries(http).map(([who, { host, port }]): Listener => ({ who, host, port, protocols: ['tcp'] })),
  ]
}
