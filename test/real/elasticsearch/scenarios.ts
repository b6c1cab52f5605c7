import type { Scenario } from '../support/scenario.ts'
import { scenarios as diskWatermark } from './disk-watermark.ts'
import { scenarios as mappingConflict } from './mapping-conflict.ts'
import { scenarios as nodeAndRelayKilled } from './node-and-relay-killed.ts'
import { scenarios as nodeHangs } from './node-hangs.ts'
import { scenarios as relpToIndex } from './relp-to-index.ts'
import { scenarios as setup } from './setup.ts'
import { scenarios as wrongPassword } from './wrong-password.ts'

/** A relay that delivers to a real OpenSearch, parts of which fail. */
export const scenarios: readonly Scenario[] = [
  ...setup,
  ...mappingConflict,
  ...diskWatermark,
  ...wrongPassword,
  ...nodeHangs,
  ...relpToIndex,
  ...nodeAndRelayKilled,
]
