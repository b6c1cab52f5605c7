import type { Readable } from 'node:stream'
import { RelayError } from '../../core/errors.ts'
import { type Bucket, type OpenedBody, statusOf } from './bucket.ts'
import { codecOf, decompressed, magicBytes } from './decompress.ts'
import type { ObjectJob } from './object-job.ts'

/** So long may a server be silent inside a body. Time in which we do not read does not count. */
const silenceMs = 60_000
/** Longest piece that is handed on at once. */
const pieceBytes = 256 * 1024

/** The connection ended inside an object: its bytes are not to blame. */
export class BodyBroken extends Error {}

export interface ObjectStreamOptions {
  readonly signal: AbortSignal
  /** Called with the bytes that came, as they are stored. */
  readonly received: (bytes: number) => void
}

/**
 * The bytes of an object, decompressed, from the job's resume point on. What is plain is asked for from there; what is compressed is
 * read from its beginning again. Learns whether it is compressed. Rejects with the SDK's errors, with BodyBroken, or with what
 * decompressing says.
 */
export async function* objectBytes(bucket: Bucket, job: ObjectJob, options: ObjectStreamOptions): AsyncGenerator<Buffer> {
  const from = job.resume?.offset ?? 0
  if (job.packed === false && from > 0) {
    yield* plainBytes(bucket, job, from, options)
    return
  }
  const { body, length } = await bucket.open(job.object, 0, options.signal)
  const stored = storedBytes(body, length, options)
  try {
    const { head, rest } = await withHead(stored)
    job.packed = codecOf(head) !== undefined
    if (job.packed) yield* skipped(decompressed(rest, options.signal), from)
    else if (from === 0) yield* inPieces(rest)
    else {
      body.destroy()
      yield* plainBytes(bucket, job, from, options)
    }
  } finally {
    body.destroy()
    await stored.return(undefined)
  }
}

async function* plainBytes(bucket: Bucket, { object }: ObjectJob, from: number, options: ObjectStreamOptions): AsyncGenerator<Buffer> {
  // Nothing is left: a server calls a range that begins at the end an error.
  if (object.size > 0 && from >= object.size) return
  let opened: OpenedBody
  try {
    opened = await bucket.open(object, from, options.signal)
  } catch (error) {
    // The same, of an object whose size is not known.
    if (object.size === 0 && statusOf(error) === 416) return
    throw error
  }
  const { body, length, partial } = opened
  yield* inPieces(skipped(storedBytes(body, length, options), partial ? 0 : from))
}

/** The body as it comes; rejects with BodyBroken where it is cut off. */
async function* storedBytes(body: Readable, length: number, { received, signal }: ObjectStreamOptions): AsyncGenerator<Buffer> {
  const chunks = body[Symbol.asyncIterator]()
  const abort = () => body.destroy(new Error('aborted'))
  signal.addEventListener('abort', abort)
  let total = 0
  try {
    for (;;) {
      const { value, done } = await nextInTime(body, chunks)
      if (done === true) break
      total += value.length
      received(value.length)
      yield value
    }
    if (total < length) throw new Error(`it ended after ${total} of ${length} bytes`)
  } catch (error) {
    throw new BodyBroken(error instanceof Error ? error.message : String(error), { cause: error })
  } finally {
    signal.removeEventListener('abort', abort)
    body.destroy()
  }
}

async function nextInTime(body: Readable, chunks: AsyncIterator<Buffer>): Promise<IteratorResult<Buffer, unknown>> {
  const timer = setTimeout(() => body.destroy(new Error(`no byte came for ${silenceMs / 1000} s`)), silenceMs)
  try {
    return await chunks.next()
  } finally {
    clearTimeout(timer)
  }
}

/** The first bytes, enough to tell what it is, and all of it. */
async function withHead(stream: AsyncGenerator<Buffer>): Promise<{ head: Buffer; rest: AsyncIterable<Buffer> }> {
  let head: Buffer = Buffer.alloc(0)
  while (head.length < magicBytes) {
    const { value, done } = await stream.next()
    if (done === true) break
    head = Buffer.concat([head, value])
  }
  async function* rest(): AsyncGenerator<Buffer> {
    if (head.length > 0) yield head
    yield* stream
  }
  return { head, rest: rest() }
}

async function* skipped(stream: AsyncIterable<Buffer>, bytes: number): AsyncGenerator<Buffer> {
  let left = bytes
  for await (const chunk of stream) {
    if (chunk.length > left) yield left === 0 ? chunk : chunk.subarray(left)
    left = Math.max(0, left - chunk.length)
  }
  if (left > 0) throw new RelayError('OBJECT_UNREADABLE', `it is ${left} bytes shorter than when it was read before`)
}

async function* inPieces(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of stream) for (let at = 0; at < chunk.length; at += pieceBytes) yield chunk.subarray(at, at + pieceBytes)
}
