import type { Batch, Origin } from '../core/batch.ts'

/**
 * What a stored batch is before compression, docs/queue-format.md. All numbers are little-endian, which is the order of every
 * machine the relay is built for, so arrays are copied as they lie in memory; eight-byte numbers come first, so all are aligned.
 *
 * Bytes, origins' length, runs, messages (4 x uint32); run times (float64); gap before each message and length of each
 * message (uint32; small numbers, which compress far better than offsets); run starts, run origins (uint32); flags; origins
 * (JSON); the bytes.
 */
const shapeBytes = 16

interface Shape {
  readonly byteLength: number
  readonly originsLength: number
  readonly runs: number
  readonly count: number
}

function sizeOf({ byteLength, originsLength, runs, count }: Shape): number {
  return shapeBytes + runs * 16 + count * 9 + originsLength + byteLength
}

/** Views of the arrays in a payload that begins where its memory does, or at a multiple of eight bytes. */
function viewsOf(payload: Buffer, { originsLength, runs, count }: Shape) {
  const { buffer, byteOffset } = payload
  let at = byteOffset + shapeBytes
  const words = (length: number): Uint32Array => {
    at += length * 4
    return new Uint32Array(buffer, at - length * 4, length)
  }
  const runTimes = new Float64Array(buffer, at, runs)
  at += runs * 8
  const [gaps, lengths, runStarts, runOrigins] = [words(count), words(count), words(runs), words(runs)]
  const flags = new Uint8Array(buffer, at, count)
  const originsAt = at + count - byteOffset
  return { runTimes, gaps, lengths, runStarts, runOrigins, flags, originsAt, bytesAt: originsAt + originsLength }
}

/** Writes a batch into memory that `allocate` gives, which begins at a multiple of eight bytes and has at least so many. */
export function serialise(batch: Batch, allocate: (bytes: number) => Buffer): Buffer {
  const origins = Buffer.from(JSON.stringify(batch.origins))
  const count = batch.ends.length
  const shape = { byteLength: batch.bytes.length, originsLength: origins.length, runs: batch.runStarts.length, count }
  const size = sizeOf(shape)
  const payload = allocate(size).subarray(0, size)
  new Uint32Array(payload.buffer, payload.byteOffset, 4).set([shape.byteLength, shape.originsLength, shape.runs, count])
  const { gaps, lengths, ...views } = viewsOf(payload, shape)
  let end = 0
  for (let i = 0; i < count; i++) {
    const start = batch.starts[i] as number
    gaps[i] = start - end // wraps, and back again when read, should a message begin before the last one's end
    end = batch.ends[i] as number
    lengths[i] = end - start
  }
  views.runTimes.set(batch.runTimes)
  views.runStarts.set(batch.runStarts)
  views.runOrigins.set(batch.runOrigins)
  views.flags.set(batch.flags)
  payload.set(origins, views.originsAt)
  payload.set(batch.bytes, views.bytesAt)
  return payload
}

/** The batch in a payload, or undefined when the lengths do not add up. Its arrays lie in the payload's memory, which it takes over. */
export function deserialise(payload: Buffer): Batch | undefined {
  if (payload.length < shapeBytes) return undefined
  const aligned = payload.byteOffset % 8 === 0 ? payload : alignedCopy(payload)
  const [byteLength = 0, originsLength = 0, runs = 0, count = 0] = new Uint32Array(aligned.buffer, aligned.byteOffset, 4)
  const shape = { byteLength, originsLength, runs, count }
  if (sizeOf(shape) !== aligned.length) return undefined
  const { gaps, lengths, originsAt, bytesAt, ...views } = viewsOf(aligned, shape)
  let end = 0
  for (let i = 0; i < count; i++) {
    const start = (end + (gaps[i] as number)) >>> 0
    end = (start + (lengths[i] as number)) >>> 0
    gaps[i] = start
    lengths[i] = end
  }
  const { flags, runTimes, runStarts, runOrigins } = views
  const origins = JSON.parse(aligned.toString('utf8', originsAt, bytesAt)) as Origin[]
  return { bytes: aligned.subarray(bytesAt), starts: gaps, ends: lengths, flags, origins, runStarts, runOrigins, runTimes }
}

function alignedCopy(payload: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(payload.length)
  copy.set(payload)
  return copy
}
