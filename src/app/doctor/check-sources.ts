import type { Config, S3SourceConfig } from '../../config/schema.ts'
import { RelayError } from '../../core/errors.ts'
import type { BucketWarning } from '../bucket-warnings.ts'
import { type Finding, findingsOf } from './finding.ts'
import { shellWord } from './shell-word.ts'

const { ok, warning, problem, unknown } = findingsOf('sources')

export interface Buckets {
  /** Lists the bucket's first page, or reaches the notification queue; answers what was done. Rejects with a RelayError. */
  reach(source: S3SourceConfig, signal: AbortSignal): Promise<string>
  /** What of the buckets' own settings loses objects. */
  warnings(config: Config): Promise<readonly BucketWarning[]>
}

/** The sources that fetch: whether their bucket or notification queue answers. */
export async function checkSources(config: Config, buckets: Buckets, signal: AbortSignal): Promise<Finding[]> {
  const fetching = Object.entries(config.pipelines).flatMap(([name, { source }]) => (source.type === 's3' ? [[name, source] as const] : []))
  if (fetching.length === 0) return []
  const [reached, warnings] = await Promise.all([
    Promise.all(fetching.map(([name, source]) => checkBucket(name, source, buckets, signal))),
    buckets.warnings(config),
  ])
  return [...reached, ...warnings.map(({ pipeline, message }) => warning(`${pipeline}, rpo`, message))]
}

async function checkBucket(name: string, source: S3SourceConfig, buckets: Buckets, signal: AbortSignal): Promise<Finding> {
  const subject = `${name}, ${source.queue_url ?? `s3://${source.bucket}/${source.prefix}`}`
  try {
    return ok(subject, await buckets.reach(source, signal))
  } catch (error) {
    if (signal.aborted) return unknown(subject, 'did not answer in time')
    const { message, hint } = RelayError.from(error)
    const says = `${hint === undefined ? message : `${message}; ${hint}`}: nothing is fetched meanwhile`
    return problem(subject, says, commandFor(source))
  }
}

/** The same question, asked with AWS' own tool. */
function commandFor({ bucket, prefix, endpoint, profile, region, queue_url }: S3SourceConfig): string {
  const options = [
    ...(profile === undefined ? [] : ['--profile', shellWord(profile)]),
    ...(region === undefined ? [] : ['--region', shellWord(region)]),
    ...(endpoint === undefined ? [] : ['--endpoint-url', shellWord(`${endpoint.scheme}://${endpoint.host}:${endpoint.port}`)]),
  ].join(' ')
  const end = options === '' ? '' : ` ${options}`
  if (queue_url !== undefined) return `aws sqs get-queue-attributes --queue-url ${shellWord(queue_url)}${end}`
  return `aws s3api list-objects-v2 --max-items 1 --bucket ${shellWord(bucket)} --prefix ${shellWord(prefix)}${end}`
}
