import type { ResumePoint } from '../../framing/objects/record-splitter.ts'

/** An object of a bucket as it was listed or notified. */
export interface ObjectRef {
  readonly bucket: string
  readonly key: string
  /** Without quotes. */
  readonly etag: string
  /** Bytes as they are stored. */
  readonly size: number
  /** LastModified by the server's clock, in whole seconds: headers have no finer ones. */
  readonly modifiedS: number
}

/** How far an object was read: the value of a checkpoint, and with `tries` what is kept of an object that waits. */
export interface ObjectProgress {
  readonly object: ObjectRef
  /** Absent: nothing of it was read. */
  readonly resume?: ResumePoint
  /** It is compressed: to go on inside it one has to read it from its beginning. */
  readonly packed?: boolean
  /** All of it is in the queue, or among the dead letters. */
  readonly done: boolean
  /** How often it failed. */
  readonly tries: number
  /** It was a dead letter and is tried again, for the so manieth time: what is told of it with a smaller number is over. */
  readonly again?: number
}

/** At most some 2 KiB, as keys have at most 1,024 bytes. */
export function encodeProgress(progress: ObjectProgress): Buffer {
  return Buffer.from(JSON.stringify(progress))
}

/** Undefined where the value is empty or nothing that `encodeProgress` has written. */
export function decodeProgress(value: Uint8Array | undefined): ObjectProgress | undefined {
  if (value === undefined || value.length === 0) return undefined
  try {
    return progressOf(JSON.parse(Buffer.from(value).toString()))
  } catch {
    return undefined
  }
}

function progressOf(value: unknown): ObjectProgress | undefined {
  const { object, resume, packed, done, tries, again } = value as Partial<ObjectProgress>
  const ref = refOf(object)
  if (ref === undefined) return undefined
  const point = resumeOf(resume)
  return {
    object: ref,
    ...(point && { resume: point }),
    ...(typeof packed === 'boolean' && { packed }),
    done: done === true,
    tries: typeof tries === 'number' ? tries : 0,
    ...(typeof again === 'number' && { again }),
  }
}

export function refOf(value: unknown): ObjectRef | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { bucket, key, etag, size, modifiedS } = value as Partial<ObjectRef>
  if (typeof bucket !== 'string' || typeof key !== 'string' || key === '' || typeof etag !== 'string') return undefined
  return { bucket, key, etag, size: typeof size === 'number' ? size : 0, modifiedS: typeof modifiedS === 'number' ? modifiedS : 0 }
}

export function resumeOf(value: unknown): ResumePoint | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { offset, messages, state } = value as Partial<ResumePoint>
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(messages)) return undefined
  return { offset: offset as number, messages: messages as number, ...(typeof state === 'string' && { state }) }
}

/** The further of two. */
export function further(one: ResumePoint | undefined, other: ResumePoint | undefined): ResumePoint | undefined {
  return (other?.offset ?? 0) > (one?.offset ?? 0) ? other : one
}
