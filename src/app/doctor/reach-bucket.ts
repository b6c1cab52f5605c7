import type { S3SourceConfig } from '../../config/schema.ts'
import { ClientTls } from '../../sinks/client-tls.ts'
import { Bucket } from '../../sources/s3/bucket.ts'
import { createS3Client } from '../../sources/s3/s3-clients.ts'
import { sourceFailure } from '../../sources/s3/s3-failures.ts'
import { realNetwork } from './network.ts'

const patienceMs = 8000

/**
 * Lists the first page of a bucket, as its source does. Of a source with a notification queue only the way to the queue is looked at:
 * a message that is received is hidden from the relays for a while. Answers in words; rejects with a RelayError.
 */
export async function reachBucket(source: S3SourceConfig, signal: AbortSignal): Promise<string> {
  return source.queue_url === undefined ? await list(source, signal) : await reachQueue(source.queue_url, signal)
}

async function list(source: S3SourceConfig, signal: AbortSignal): Promise<string> {
  const client = createS3Client(source)
  const either = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)])
  const began = performance.now()
  try {
    const { objects, next } = await new Bucket(client, source.bucket).list(source.prefix, undefined, either)
    const count = `${objects.length}${next === undefined ? '' : ' and more'}`
    return `lists ${count} objects, in ${Math.round(performance.now() - began)} ms`
  } catch (error) {
    throw sourceFailure(error, `the bucket ${source.bucket} cannot be listed`)
  } finally {
    client.destroy()
  }
}

async function reachQueue(queueUrl: string, signal: AbortSignal): Promise<string> {
  const { protocol, hostname, port } = new URL(queueUrl)
  const secure = protocol === 'https:'
  const host = hostname.replace(/^\[|\]$/g, '')
  const tls = secure ? await new ClientTls({ verify: true, min_version: 'TLSv1.2' }).options(host) : undefined
  const number = port === '' ? (secure ? 443 : 80) : Number(port)
  const { connectMs } = await realNetwork.reach({ scheme: protocol.slice(0, -1), host, port: number, tls, timeoutMs: patienceMs }, signal)
  return `connected in ${Math.round(connectMs)} ms; whether we may receive there shows when the relay runs`
}
