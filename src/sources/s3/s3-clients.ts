import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs'
import type { HttpEndpoint } from '../../config/formats.ts'
import type { S3SourceConfig } from '../../config/schema.ts'
import { SecretReader } from '../../secrets/read-secret.ts'

const connectTimeoutMs = 10_000
/** Short enough that the SDK takes credentials as good for one request: it asks for the next one again, and a file that has not changed is not read. */
const credentialsMs = 60_000

/** Streams being read hold a connection each, and claims and listings want some besides. */
const spareConnections = 16

/** Or the SDK writes to the console, which is nobody's log. */
const silent = { debug() {}, info() {}, warn() {}, error() {} }

interface AwsCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  readonly expiration: Date
}

/** Part of both clients' configuration. Trying again is ours: the SDK tries once. */
function shared(config: S3SourceConfig, region: string | undefined) {
  const sockets = { keepAlive: true, maxSockets: 2 * config.concurrency + spareConnections }
  const credentials = config.credentials && credentialsFrom(config.credentials)
  return {
    region: region ?? (async () => process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION ?? 'us-east-1'),
    maxAttempts: 1,
    requestHandler: { connectionTimeout: connectTimeoutMs, httpAgent: sockets, httpsAgent: sockets, logger: silent },
    ...(config.profile !== undefined && { profile: config.profile }),
    ...(credentials !== undefined && { credentials }),
  }
}

export function createS3Client(config: S3SourceConfig): S3Client {
  const options: S3ClientConfig = {
    ...shared(config, config.region),
    forcePathStyle: config.path_style,
    // Checksums of its own are AWS's: other servers refuse them or have none.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(config.endpoint !== undefined && { endpoint: urlOf(config.endpoint) }),
  }
  const client = new S3Client(options)
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args)
      const headers = (result.response as { headers?: Record<string, string> } | undefined)?.headers
      Object.assign((result.output as { $metadata: object }).$metadata, { date: headers?.date })
      return result
    },
    { step: 'deserialize', name: 'logrelayServerDate', priority: 'high' },
  )
  return client
}

/** The server's clock when it gave this answer, milliseconds since the epoch; undefined where it did not say. */
export function serverDateMs(output: { readonly $metadata: object }): number | undefined {
  const { date } = output.$metadata as { date?: string }
  const atMs = date === undefined ? Number.NaN : Date.parse(date)
  return Number.isNaN(atMs) ? undefined : atMs
}

export function createSqsClient(config: S3SourceConfig): SQSClient {
  // https://sqs.eu-west-1.amazonaws.com/123456789012/name
  const region = /^https?:\/\/(?:sqs\.|[^/]*\.sqs\.)?([a-z]{2}(?:-[a-z]+)+-\d)\./.exec(config.queue_url ?? '')?.[1]
  const endpoint = config.queue_url === undefined ? {} : { endpoint: new URL(config.queue_url).origin }
  const options: SQSClientConfig = { ...shared(config, region ?? config.region), ...endpoint }
  return new SQSClient(options)
}

function credentialsFrom(config: NonNullable<S3SourceConfig['credentials']>): () => Promise<AwsCredentials> {
  const id = new SecretReader(config.access_key_id)
  const key = new SecretReader(config.secret_access_key)
  const token = config.session_token && new SecretReader(config.session_token)
  return async () => {
    const [accessKeyId, secretAccessKey, sessionToken] = await Promise.all([id.read(), key.read(), token?.read()])
    const expiration = new Date(Date.now() + credentialsMs)
    return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }), expiration }
  }
}

function urlOf({ scheme, host, port, path }: HttpEndpoint): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}${path}`
}
