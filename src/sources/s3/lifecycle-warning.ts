import type { LifecycleRule } from '@aws-sdk/client-s3'
import type { S3SourceConfig } from '../../config/schema.ts'
import { formatDuration } from '../../config/units.ts'
import { Bucket } from './bucket.ts'
import { createS3Client } from './s3-clients.ts'
import { sourceFailure } from './s3-failures.ts'

const dayMs = 86_400_000

/**
 * A sentence where the bucket deletes objects sooner than the recovery point objective wants them kept; undefined where it does not or
 * `rpo` is off. Never rejects: that it could not be looked at is a sentence as well.
 */
export async function lifecycleWarning(config: S3SourceConfig, signal: AbortSignal): Promise<string | undefined> {
  if (config.rpo === 0) return undefined
  const client = createS3Client(config)
  try {
    return await lifecycleWarningOf(config, new Bucket(client, config.bucket), signal)
  } finally {
    client.destroy()
  }
}

/** The same, with the bucket of a running source. */
export async function lifecycleWarningOf(config: S3SourceConfig, bucket: Bucket, signal: AbortSignal): Promise<string | undefined> {
  if (config.rpo === 0) return undefined
  let rules: readonly LifecycleRule[]
  try {
    rules = await bucket.lifecycleRules(signal)
  } catch (error) {
    if (signal.aborted) return undefined
    const { message } = sourceFailure(error, `the lifecycle rules of the bucket ${bucket.name} cannot be read`)
    return `${message}; so nobody knows whether it keeps objects for the rpo of ${formatDuration(config.rpo)} (s3:GetLifecycleConfiguration)`
  }
  const short = rules.filter((rule) => expires(rule) < config.rpo && applies(rule, config.prefix))
  const days = Math.min(...short.map(({ Expiration }) => Expiration?.Days ?? 0))
  if (short.length === 0) return undefined
  const names = short.map(({ ID }) => ID ?? 'without a name').join(', ')
  return `the bucket ${bucket.name} deletes objects after ${days} day${days === 1 ? '' : 's'} (lifecycle rule ${names}), sooner than the rpo of ${formatDuration(config.rpo)}: what is not read by then is lost`
}

/** Milliseconds that an object is kept; a date deletes what is there then, however new. */
function expires({ Status, Expiration }: LifecycleRule): number {
  if (Status !== 'Enabled') return Number.POSITIVE_INFINITY
  if (Expiration?.Date !== undefined) return 0
  return Expiration?.Days === undefined ? Number.POSITIVE_INFINITY : Expiration.Days * dayMs
}

/** A rule applies to some of the objects where either prefix begins with the other. One by tag or size may apply to any. */
function applies({ Filter, Prefix }: LifecycleRule, prefix: string): boolean {
  const ruled = Filter?.Prefix ?? Filter?.And?.Prefix ?? Prefix ?? ''
  return ruled.startsWith(prefix) || prefix.startsWith(ruled)
}
