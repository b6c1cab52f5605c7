import { bareEtag } from './object-id.ts'

/** An object that was created, as a notification tells of it. */
export interface NotifiedObject {
  readonly bucket: string
  readonly key: string
  /** Without quotes; some servers leave it out. */
  readonly etag?: string
  readonly size?: number
}

export type Notification =
  | { readonly kind: 'objects'; readonly objects: readonly NotifiedObject[] }
  /** Sent once when a bucket's notifications are set up. */
  | { readonly kind: 'test' }
  | { readonly kind: 'unknown'; readonly reason: string }

type Fields = Readonly<Record<string, unknown>>

/** An envelope in an envelope in an envelope is none that anybody sends. */
const maxEnvelopes = 3

/**
 * What a message of an SQS queue tells: an event of S3 itself ("Event message structure" in the Amazon S3 user guide), one from
 * EventBridge ("EventBridge event message structure"), either of them alone or in the envelope of an SNS topic. Events other than the
 * creation of an object give no objects.
 */
export function parseNotification(body: string, envelopes = 0): Notification {
  const message = fieldsOf(parsed(body))
  if (message === undefined) return unknown('is no JSON object')
  if (message.Event === 's3:TestEvent') return { kind: 'test' }
  if (Array.isArray(message.Records)) return eventsOfS3(message.Records)
  if (message.source === 'aws.s3' && typeof message['detail-type'] === 'string') return eventOfBridge(message)
  if (typeof message.Message === 'string' && (message.Type === 'Notification' || message.TopicArn !== undefined)) {
    return envelopes < maxEnvelopes ? parseNotification(message.Message, envelopes + 1) : unknown('has too many envelopes')
  }
  return unknown('is no notification of a bucket')
}

function eventsOfS3(records: readonly unknown[]): Notification {
  const objects: NotifiedObject[] = []
  for (const record of records) {
    const fields = fieldsOf(record)
    if (typeof fields?.eventName !== 'string') return unknown('has a record without eventName')
    // Some servers write the name with the prefix that only the configuration of AWS has.
    if (!/^(s3:)?ObjectCreated:/.test(fields.eventName)) continue
    const s3 = fieldsOf(fields.s3)
    const object = notified(fieldsOf(s3?.bucket)?.name, fieldsOf(s3?.object), 'eTag', urlDecoded)
    if (object === undefined) return unknown('has a record without bucket and key')
    objects.push(object)
  }
  return { kind: 'objects', objects }
}

/** Keys are not URL-encoded here. */
function eventOfBridge(message: Fields): Notification {
  if (message['detail-type'] !== 'Object Created') return { kind: 'objects', objects: [] }
  const detail = fieldsOf(message.detail)
  const object = notified(fieldsOf(detail?.bucket)?.name, fieldsOf(detail?.object), 'etag', (key) => key)
  return object === undefined ? unknown('has no bucket and key') : { kind: 'objects', objects: [object] }
}

function notified(
  bucket: unknown,
  object: Fields | undefined,
  etagName: string,
  decode: (key: string) => string | undefined,
): NotifiedObject | undefined {
  if (typeof bucket !== 'string' || typeof object?.key !== 'string') return undefined
  const key = decode(object.key)
  if (key === undefined || key === '') return undefined
  const { [etagName]: etag, size } = object
  return {
    bucket,
    key,
    ...(typeof etag === 'string' && etag !== '' && { etag: bareEtag(etag) }),
    ...(typeof size === 'number' && { size }),
  }
}

/** As in a form: a space is a plus sign. */
export function urlDecoded(key: string): string | undefined {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

function unknown(reason: string): Notification {
  return { kind: 'unknown', reason }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined
}
