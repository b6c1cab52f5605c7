import type { Origin } from '../../core/batch.ts'
import type { SourceLetter } from '../../core/dead-letter.ts'
import { RelayError } from '../../core/errors.ts'
import { parseNotification } from '../../protocols/s3/notifications.ts'
import { decodeProgress, type ObjectProgress, refOf } from '../../protocols/s3/object-progress.ts'
import { ObjectJob } from './object-job.ts'

/** The dead letter of an object: `{bucket, key, etag, size, modifiedS, resume?, packed?, again?}`. */
export function objectLetter({ object, resume, packed, again }: ObjectJob, error: RelayError): SourceLetter {
  const { bucket, key } = object
  const origin: Origin = { peer: `s3://${bucket}/${key}`, port: 0, transport: 's3', object: { bucket, key } }
  return {
    code: 'OBJECT_UNREADABLE',
    reason: error.message,
    origin,
    bytes: Buffer.from(JSON.stringify({ ...object, resume, packed, again })),
  }
}

/** The dead letter of a notification that nobody understands: `{notification}`. */
export function notificationLetter(bucket: string, queueUrl: string, notification: string, error: RelayError): SourceLetter {
  const origin: Origin = { peer: queueUrl, port: 0, transport: 's3', object: { bucket, key: '' } }
  return { code: error.code, reason: error.message, origin, bytes: Buffer.from(JSON.stringify({ notification })) }
}

/** What a dead letter asks for when it is tried again. Throws OBJECT_UNREADABLE where that is nothing. */
export function jobsOfLetter(bytes: Buffer, bucket: string): ObjectJob[] {
  const letter = parsed(bytes)
  if (typeof letter?.notification === 'string') {
    const told = parseNotification(letter.notification)
    if (told.kind !== 'objects') throw new RelayError('OBJECT_UNREADABLE', 'the notification is still none that names objects')
    const other = told.objects.find((object) => object.bucket !== bucket)
    if (other !== undefined) throw new RelayError('OBJECT_UNREADABLE', `the notification tells of the bucket ${other.bucket}`)
    return told.objects.map(({ key, etag = '', size = 0 }) =>
      jobOf({ object: { bucket, key, etag, size, modifiedS: nowS() }, done: false, tries: 0 }),
    )
  }
  const object = refOf(letter)
  const progress = decodeProgress(Buffer.from(JSON.stringify({ ...letter, object, tries: 0 })))
  if (object === undefined || progress === undefined) throw new RelayError('OBJECT_UNREADABLE', 'the dead letter names no object')
  if (object.bucket !== bucket) throw new RelayError('OBJECT_UNREADABLE', `the dead letter is of the bucket ${object.bucket}`)
  return [jobOf({ ...progress, done: false })]
}

function jobOf(progress: ObjectProgress): ObjectJob {
  return new ObjectJob(progress.object, { ...progress, again: (progress.again ?? 0) + 1 })
}

function parsed(bytes: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString())
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function nowS(): number {
  return Math.floor(Date.now() / 1000)
}
