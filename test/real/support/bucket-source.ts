import type { BucketRelayOptions } from './bucket-relay.ts'
import type { S3Server } from './s3-server.ts'

type Server = Pick<S3Server, 'endpoint' | 'region' | 'accessKeyId' | 'secretAccessKey'>

/** A source that reads this bucket, with short times. */
export function bucketSource(
  server: Server,
  bucket: string,
  options: Partial<BucketRelayOptions['source']> = {},
): BucketRelayOptions['source'] {
  const { endpoint, region, accessKeyId, secretAccessKey } = server
  return {
    bucket,
    endpoint,
    region,
    path_style: true,
    credentials: { access_key_id: accessKeyId, secret_access_key: secretAccessKey },
    interval: '1s',
    retry: { initial: '200ms', max: '2s' },
    ...options,
  }
}
