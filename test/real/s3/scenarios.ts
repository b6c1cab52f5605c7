import type { Scenario } from '../support/scenario.ts'
import { scenarios as allFormatsKilled } from './all-formats-killed.ts'
import { scenarios as bucketFails } from './bucket-fails.ts'
import { scenarios as claimsKilled } from './claims-killed.ts'
import { scenarios as claimsStalled } from './claims-stalled.ts'
import { scenarios as fullQueue } from './full-queue.ts'
import { scenarios as largeObject } from './large-object.ts'
import { scenarios as lifecycleRule } from './lifecycle-rule.ts'
import { scenarios as notificationsKilled } from './notifications-killed.ts'

/** Relays that read real buckets, parts of which fail. */
export const scenarios: readonly Scenario[] = [
  ...allFormatsKilled,
  ...claimsKilled,
  ...claimsStalled,
  ...notificationsKilled,
  ...fullQueue,
  ...largeObject,
  ...bucketFails,
  ...lifecycleRule,
]
