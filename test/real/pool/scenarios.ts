import type { Scenario } from '../support/scenario.ts'
import { scenarios as clientAddresses } from './client-addresses.ts'
import { scenarios as connectionAge } from './connection-age.ts'
import { scenarios as fullNodeDrained } from './full-node-drained.ts'
import { scenarios as healthCheck } from './health-check.ts'
import { scenarios as relpNodesKilled } from './relp-nodes-killed.ts'
import { scenarios as rollingRestart } from './rolling-restart.ts'
import { scenarios as underLoad } from './under-load.ts'
import { scenarios as upstreamFails } from './upstream-fails.ts'

/** Three relays behind a real HAProxy and a real NGINX, under load, while parts of them go. */
export const scenarios: readonly Scenario[] = [
  ...underLoad,
  ...rollingRestart,
  ...fullNodeDrained,
  ...relpNodesKilled,
  ...upstreamFails,
  ...healthCheck,
  ...connectionAge,
  ...clientAddresses,
]
