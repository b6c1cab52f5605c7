import type { Config, S3SourceConfig } from '../../config/schema.ts'
import { RelayError } from '../../core/errors.ts'
import type { BucketWarning } from '../bucket-warnings.ts'
import { type Finding, findingsOf } from './finding.ts'
import { shellWord } from './shell-word.ts'
import { hasOwnEnvironment, type Situation } from './situation.ts'

const { ok, warning, problem, unknown } = findingsOf('sources')

export interface Buckets {
  /** Lists the bucket's first page, or reaches the notification queue; answers what was done. Rejects with a RelayError. */
  reach(source: S3SourceConfig, signal: AbortSignal): Promise<string>
  /** What of the buckets' own settings loses objects. */
  warnings(config: Config): Promise<readonly BucketWarning[]>
}

type Sourced = Pick<Situation, 'config' | 'service' | 'relay'>

/** The sources that fetch: whether their bucket or notification queue answers. */
export async function checkSources(situation: Sourced, buckets: Buckets, signal: AbortSignal): Promise<Finding[]> {
  const { config } = situation
  const fetching = Object.entries(config.pipelines).flatMap(([name, { source }]) => (source.type === 's3' ? [[name, source] as const] : []))
  if (fetching.length === 0) return []
  const [reached, warnings] = await Promise.all([
    Promise.all(fetching.map(([name, source]) => checkBucket(name, source, situation, buckets, signal))),
    buckets.warnings(config),
  ])
  return [...reached, ...warnings.map(({ pipeline, message }) => warning(`${pipeline}, rpo`, message))]
}

async function checkBucket(
  name: string,
  source: S3SourceConfig,
  situation: Sourced,
  buckets: Buckets,
  signal: AbortSignal,
): Promise<Finding> {
  const subject = `${name}, ${source.queue_url ?? `s3://${source.bucket}/${source.prefix}`}`
  try {
    return ok(subject, await buckets.reach(source, signal))
  } catch (error) {
    if (signal.aborted) return unknown(subject, 'did not answer in time')
    const failure = RelayError.from(error)
    const { message, hint } = failure
    if (hasOwnEnvironment(situation) && source.credentials === undefined && lacksCredentials(failure))
      return unknown(subject, `${message}; the service may have credentials from its own environment`)
    const says = `${hint === undefined ? message : `${message}; ${hint}`}: nothing is fetched meanwhile`
    return problem(subject, says, commandFor(source))
  }
}

/** Nothing that the SDK looks at has any: the environment, the profile, the role of this machine. */
function lacksCredentials({ cause }: RelayError): boolean {
  return cause instanceof Error && cause.name === 'CredentialsProviderError'
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
