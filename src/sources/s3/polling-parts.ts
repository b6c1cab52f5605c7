import type { S3Client } from '@aws-sdk/client-s3'
import type { SQSClient } from '@aws-sdk/client-sqs'
import type { S3SourceConfig } from '../../config/schema.ts'
import type { RelayError } from '../../core/errors.ts'
import type { Intake } from '../../core/intake.ts'
import type { Logger } from '../../core/logger.ts'
import { untilAbort } from '../../retry/until-abort.ts'
import type { Backlog } from './backlog.ts'
import { Bucket } from './bucket.ts'
import { BucketListing } from './bucket-listing.ts'
import { ClaimPool } from './claim-pool.ts'
import { Claims } from './claims.ts'
import { NotificationQueue } from './notification-queue.ts'
import type { PollingHealth } from './polling-health.ts'
import type { ReadObjects } from './read-objects.ts'
import { sourceFailure } from './s3-failures.ts'
import { notificationLetter } from './source-letters.ts'
import { SqsQueue } from './sqs-queue.ts'
import type { Valve } from './valve.ts'
import type { WorkCounts } from './work-counts.ts'

/** What must not be taken for logs where nobody configured another prefix for claims. */
const defaultClaimsPrefix = '.logrelay/claims/'

/** What the parts of a source that polls share. */
export interface PollingParts {
  readonly config: S3SourceConfig
  readonly clients: { readonly s3: S3Client; readonly sqs?: SQSClient }
  readonly bucket: Bucket
  readonly intake: Intake
  readonly backlog: Backlog
  readonly read: ReadObjects
  readonly valve: Valve
  readonly logger: Logger
  readonly counts: WorkCounts
  /** Finding objects, reading them, claiming them: each may fail alone. */
  readonly health: { readonly finding: PollingHealth; readonly reading: PollingHealth; readonly claiming: PollingHealth }
  /** The source leaves. */
  readonly quit: AbortSignal
  /** Nothing is waited for any more. */
  readonly hard: AbortSignal
}

/** Undefined where this relay has the bucket for itself. */
export function createPool({ config, clients, bucket, read, logger }: PollingParts): ClaimPool | undefined {
  const { claims } = config
  if (claims === undefined) return undefined
  const claimed = claims.bucket === undefined ? bucket : new Bucket(clients.s3, claims.bucket)
  // A horizon of its own: what no notification tells of any more may never have been read, and is left to who lists.
  const tag = config.queue_url === undefined ? read.tag : `${read.tag}-notified`
  return new ClaimPool({ bucket: claimed, prefix: claims.prefix, tag, logger })
}

export function createClaims({ config, health, hard }: PollingParts, pool: ClaimPool, owner: string): Claims {
  const { claiming } = health
  return new Claims({
    bucket: pool.bucket,
    prefix: pool.prefix,
    timeoutMs: config.claims?.timeout ?? 0,
    owner,
    // Notifications have no horizon.
    pool: config.queue_url === undefined ? pool : undefined,
    hard,
    failed: (error) => claiming.failed(sourceFailure(error, 'a claim cannot be renewed')),
    well: () => claiming.well(),
  })
}

export function createDiscovery(parts: PollingParts, pool: ClaimPool | undefined): BucketListing | NotificationQueue {
  const { config, clients, bucket, backlog, read, valve, logger, quit, hard } = parts
  // Those of a bucket of their own are none here.
  const claims = (config.claims?.bucket ?? config.bucket) === config.bucket ? config.claims : undefined
  const claimsPrefix = claims?.prefix ?? defaultClaimsPrefix
  const shared = { config, bucket, backlog, read, valve, health: parts.health.finding, claimsPrefix, pool }
  if (clients.sqs === undefined) return new BucketListing({ ...shared, quit })
  const refuse = (body: string, error: RelayError) => refuseNotification(parts, body, error)
  return new NotificationQueue({ ...shared, sqs: new SqsQueue(clients.sqs, config.queue_url ?? ''), logger, refuse, hard })
}

async function refuseNotification({ config, intake, logger, hard }: PollingParts, body: string, error: RelayError): Promise<boolean> {
  await untilAbort(intake.deadLetter(notificationLetter(config.bucket, config.queue_url ?? '', body, error)), hard)
  if (hard.aborted) return false
  logger.error({ code: error.code, hint: error.hint }, `${error.message}; it is a dead letter now`)
  return true
}
