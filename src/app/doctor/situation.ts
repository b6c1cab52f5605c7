import type { Config } from '../../config/schema.ts'
import type { Host } from './host.ts'
import type { RelayUser, RunningRelay } from './running-relay.ts'
import type { Service } from './service-state.ts'

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
