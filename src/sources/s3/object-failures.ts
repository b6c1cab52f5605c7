import type { S3SourceConfig } from '../../config/schema.ts'
import { RelayError } from '../../core/errors.ts'
import { Backoff } from '../../retry/backoff.ts'
import type { ObjectJob } from './object-job.ts'
import { BodyBroken } from './object-stream.ts'
import { type S3Failure, s3Failure } from './s3-failures.ts'

/** What it means that an object could not be read. */
export function objectFailure(error: unknown, { object }: ObjectJob): S3Failure {
  const what = `the object ${object.key} cannot be read`
  // Whether the object or the network is to blame, another object tells.
  if (error instanceof BodyBroken) {
    const message = `${what}: the connection ended inside it: ${error.message}`
    return { scope: 'denied', error: new RelayError('SOURCE_UNREACHABLE', message, { cause: error }) }
  }
  if (error instanceof RelayError && error.code === 'OBJECT_UNREADABLE') {
    return { scope: 'object', error: new RelayError('OBJECT_UNREADABLE', `the object ${object.key} ${error.message}`, { cause: error }) }
  }
  return s3Failure(error, what)
}

/** Milliseconds before the next try; as everywhere each wait is twice the last. */
export function afterTries({ retry }: S3SourceConfig, tries: number): number {
  const backoff = new Backoff({ initialMs: retry.initial, maxMs: retry.max })
  for (let i = 1; i < tries; i++) backoff.next()
  return backoff.next()
}
