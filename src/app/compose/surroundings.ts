import type { Logger } from '../../core/logger.ts'
import type { ConnectionBudget } from '../../sources/connection-budget.ts'
import type { UdpPorts } from '../../sources/udp-port.ts'
import type { Certificates } from '../certificates.ts'

/** What every pipeline is built with. */
export interface Surroundings {
  readonly certificates: Certificates
  readonly logger: Logger
  readonly budget: ConnectionBudget
  readonly udpPorts: UdpPorts
}
