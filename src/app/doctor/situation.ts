import type { Config } from '../../config/schema.ts'
import type { Host } from './host.ts'
import type { RelayUser, RunningRelay } from './running-relay.ts'
import { isInstalled, type Service } from './service-state.ts'

/** What most checks go by. */
export interface Situation {
  readonly host: Host
  /** data_dir is absolute. */
  readonly config: Config
  /** Undefined for the built-in configuration. */
  readonly configFile: string | undefined
  readonly service: Service | undefined
  readonly relay: RunningRelay
  readonly user: RelayUser
}

type Started = Pick<Situation, 'service' | 'relay'>

/** The process is that of the service: systemctl reaches it. */
export function runsAsService({ service, relay }: Started): boolean {
  return isInstalled(service) && relay.pid !== undefined && relay.pid === service.mainPid
}

/** The relay has an environment of its own, with secrets and credentials that this shell may not have. */
export function hasOwnEnvironment({ service, relay }: Started): boolean {
  return isInstalled(service) || relay.pid !== undefined || relay.silent !== undefined
}
