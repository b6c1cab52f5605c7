import { effectivePort } from '../../config/effective-port.ts'
import { listeningPipelines } from '../../config/listening.ts'
import type { Config } from '../../config/schema.ts'

/** A port that the relay will listen on, and what of it: `admin`, `health` or `pipeline NAME`. */
export interface ConfiguredPort {
  readonly who: string
  readonly port: number
}

/** Every port of the configuration; those that the system shall choose (0) are left out. */
export function configuredPorts(config: Config): ConfiguredPort[] {
  const ports = [{ who: 'admin', port: config.admin.listen.port }]
  if (config.health !== undefined) ports.push({ who: 'health', port: config.health.listen.port })
  for (const [name, { source }] of listeningPipelines(config)) ports.push({ who: `pipeline ${name}`, port: effectivePort(source) })
  return ports.filter(({ port }) => port > 0)
}

/** Those that only root may open, or who has CAP_NET_BIND_SERVICE (capabilities(7)). */
export function privilegedPorts(config: Config): ConfiguredPort[] {
  return configuredPorts(config).filter(({ port }) => port < 1024)
}
