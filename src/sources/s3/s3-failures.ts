import { RelayError } from '../../core/errors.ts'
import { nameOf, somethingElseHint, statusOf } from './bucket.ts'

/**
 * Whom a failure concerns. `source`: the service as a whole, so it uses up no object's tries. `object`: this object alone. `denied`: this
 * object, or all of them: another one tells. `replaced`: the object is not what it was when it was listed, and never will be.
 */
export type FailureScope = 'source' | 'object' | 'denied' | 'replaced'

export interface S3Failure {
  readonly scope: FailureScope
  readonly error: RelayError
}

const clockErrors: ReadonlySet<string> = new Set(['RequestTimeTooSkewed', 'RequestExpired', 'RequestInTheFuture'])
const credentialErrors: ReadonlySet<string> = new Set([
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidToken',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'UnrecognizedClientException',
  'CredentialsProviderError',
  'TokenRefreshRequired',
])
const deniedErrors: ReadonlySet<string> = new Set(['AccessDenied', 'AccessDeniedException', 'AllAccessDisabled', 'AccountProblem'])
const notFoundErrors: ReadonlySet<string> = new Set([
  'NoSuchBucket',
  'InvalidBucketName',
  'QueueDoesNotExist',
  'AWS.SimpleQueueService.NonExistentQueue',
  'QueueDeletedRecently',
])
const regionErrors: ReadonlySet<string> = new Set([
  'PermanentRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
])

const hints = {
  clock: 'set the clock of this machine by NTP: signed requests are only good for some minutes',
  credentials: 'look at `credentials` or `profile`, or what the environment or the role of this machine gives',
  denied:
    'the policy must allow s3:ListBucket and s3:GetObject, with claims also s3:PutObject and s3:DeleteObject on their prefix, with queue_url sqs:ReceiveMessage, sqs:DeleteMessage and sqs:ChangeMessageVisibility',
  notFound: 'look at `bucket`, `queue_url`, `endpoint` and `path_style`',
  region: 'set `region` to the one of the bucket',
}

/** What an error of the SDK or below it means. `what` begins the message: `the bucket logs cannot be listed`. */
export function s3Failure(error: unknown, what: string): S3Failure {
  if (error instanceof RelayError)
    return { scope: 'source', error: new RelayError(error.code, `${what}: ${error.message}`, { cause: error, ...hintOf(error) }) }
  const name = nameOf(error)
  const status = statusOf(error)
  const words = `${what}: ${wordsOf(error)}`
  const source = (code: RelayError['code'], hint?: string): S3Failure => ({
    scope: 'source',
    error: new RelayError(code, words, { cause: error, ...(hint && { hint }) }),
  })
  if (clockErrors.has(name) || (name === 'InvalidSignatureException' && /expired|not yet current/i.test(words)))
    return source('CLOCK_SKEW', hints.clock)
  if (credentialErrors.has(name)) return source('SOURCE_DENIED', hints.credentials)
  if (notFoundErrors.has(name)) return source('SOURCE_NOT_FOUND', hints.notFound)
  if (regionErrors.has(name) || status === 301) return source('SOURCE_NOT_FOUND', hints.region)
  if (name === 'InvalidObjectState') return object(`${words}; it is archived and must be restored first`, error)
  if (deniedErrors.has(name) || status === 401 || status === 403 || /^KMS/.test(name)) {
    return { scope: 'denied', error: new RelayError('SOURCE_DENIED', words, { cause: error, hint: hints.denied }) }
  }
  if (status === 412)
    return {
      scope: 'replaced',
      error: new RelayError('OBJECT_UNREADABLE', `${what}: it was overwritten before it was read`, { cause: error }),
    }
  if (status === 429 || status === 408 || status === undefined || status >= 500) return source('SOURCE_UNREACHABLE')
  // A success that the SDK makes no sense of.
  if (status < 300) return source('SOURCE_UNREACHABLE', somethingElseHint)
  if (status === 404 && name !== 'NoSuchKey' && name !== 'NotFound') return source('SOURCE_NOT_FOUND', hints.notFound)
  return object(words, error)
}

/** Of a request that concerns no object. */
export function sourceFailure(error: unknown, what: string): RelayError {
  const { scope, error: failure } = s3Failure(error, what)
  return scope === 'source' || scope === 'denied' ? failure : new RelayError('SOURCE_UNREACHABLE', failure.message, { cause: error })
}

function object(words: string, cause: unknown): S3Failure {
  return { scope: 'object', error: new RelayError('OBJECT_UNREADABLE', words, { cause }) }
}

function hintOf({ hint }: RelayError): { hint?: string } {
  return hint === undefined ? {} : { hint }
}

/** A network error has its reason in its code, one of the SDK in its name; some have no message at all. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof AggregateError) return error.errors.map(wordsOf).join(', ')
  const status = statusOf(error)
  const { code } = error as NodeJS.ErrnoException
  const detail = error.message === '' || error.message === 'UnknownError' ? '' : `: ${error.message.split('\n')[0]}`
  const label = status === undefined ? (code ?? error.name) : `${error.name} (HTTP ${status})`
  return detail.includes(label) ? detail.slice(2) : label + detail
}
