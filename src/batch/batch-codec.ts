import { promisify } from 'node:util'
import { constants, crc32, zstdCompress, zstdDecompress } from 'node:zlib'
import type { Batch, Origin, Seq, StoredBatch, Transport } from '../core/batch.ts'
import type { Drops } from '../core/ledger.ts'

/**
 * The stored form of a batch: one value of the queue, docs/queue-format.md. All numbers are little-endian, which is the
 * order of every machine the relay is built for, so arrays are copied as they lie in memory.
 *
 *     0  'L', 1 format version, 2 flags (1: payload is zstd), 3 zero
 *     4  CRC-32 of everything else        8  first Seq (float64)     16  stored bytes before this batch (float64)
 *    24  messages                        28  payload bytes once decompressed
 *    32  length of the intake totals     36  intake totals (JSON), then the payload
 *
 * The payload: bytes, origins' length, runs, messages (4 x uint32); run times (float64); gap before each message and
 * length of each message (uint32; small numbers, which compress far better than offsets); run starts, run origins; flags;
 * origins (JSON); the bytes.
 */
const magic = 0x4c
const version = 1
const zstdFlag = 1
const fixedBytes = 36
/** Below this zstd saves less than it costs. */
const worthCompressing = 512

/** What the pipeline had received, and dropped before storing, once this batch was in. The sum is the next Seq plus drops. */
export interface IntakeTotals {
  readonly received: Readonly<Record<Transport, number>>
  readonly dropped: Drops
}

export interface BatchHeader {
  readonly firstSeq: Seq
  readonly count: number
  /** Bytes of all batches stored before this one in the life of the queue. */
  readonly position: number
  readonly intake: IntakeTotals
}

/** A batch that only waits for its place: packing is asynchronous, the header is known when its turn comes. */
export interface PackedBatch {
  readonly payload: Buffer
  readonly compressed: boolean
  readonly plainBytes: number
  readonly count: number
}

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

/** Serialises and compresses on libuv's pool. A batch that cannot be compressed is stored as it is. */
export async function packBatch(batch: Batch): Promise<PackedBatch> {
  const plain = serialise(batch)
  const raw = { payload: plain, compressed: false, plainBytes: plain.length, count: batch.ends.length }
  if (plain.length < worthCompressing) return raw
  // One chunk large enough for the whole output: every further chunk would be another trip to the pool.
  const chunkSize = Math.max(1024, plain.length)
  const payload = await compress(plain, { chunkSize, params: { [constants.ZSTD_c_compressionLevel]: 1 } }).catch(() => plain)
  return payload.length < plain.length ? { ...raw, payload, compressed: true } : raw
}

/** The value to store. */
export function sealBatch(packed: PackedBatch, header: Omit<BatchHeader, 'count'>): Buffer {
  const intake = Buffer.from(JSON.stringify(header.intake))
  const value = Buffer.allocUnsafe(fixedBytes + intake.length + packed.payload.length)
  value[0] = magic
  value[1] = version
  value[2] = packed.compressed ? zstdFlag : 0
  value[3] = 0
  value.writeDoubleLE(header.firstSeq, 8)
  value.writeDoubleLE(header.position, 16)
  value.writeUInt32LE(packed.count, 24)
  value.writeUInt32LE(packed.plainBytes, 28)
  value.writeUInt32LE(intake.length, 32)
  value.set(intake, fixedBytes)
  value.set(packed.payload, fixedBytes + intake.length)
  value.writeUInt32LE(checksum(value), 4)
  return value
}

/** The header of a stored value, or undefined when any byte of the value is not what was written. */
export function readHeader(value: Buffer): BatchHeader | undefined {
  if (value.length < fixedBytes || value[0] !== magic || value[1] !== version) return undefined
  return value.readUInt32LE(4) === checksum(value) ? parseHeader(value) : undefined
}

function parseHeader(value: Buffer): BatchHeader {
  const intake = value.toString('utf8', fixedBytes, fixedBytes + value.readUInt32LE(32))
  return {
    firstSeq: value.readDoubleLE(8),
    position: value.readDoubleLE(16),
    count: value.readUInt32LE(24),
    intake: JSON.parse(intake) as IntakeTotals,
  }
}

/** A stored value's header and batch, or undefined when the value is damaged. */
export async function openBatch(value: Buffer, queueId: string): Promise<{ header: BatchHeader; batch: StoredBatch } | undefined> {
  const header = readHeader(value)
  if (header === undefined) return undefined
  const payload = value.subarray(fixedBytes + value.readUInt32LE(32))
  const plainBytes = value.readUInt32LE(28)
  const plain = (value[2] as number) & zstdFlag ? await inflate(payload, plainBytes) : payload
  if (plain?.length !== plainBytes) return undefined
  const last = header.firstSeq + header.count - 1
  return { header, batch: { ...deserialise(plain), queueId, seqs: [[header.firstSeq, last]] } }
}

async function inflate(payload: Buffer, plainBytes: number): Promise<Buffer | undefined> {
  const chunkSize = Math.max(1024, plainBytes)
  return decompress(payload, { chunkSize, maxOutputLength: chunkSize }).catch(() => undefined)
}

function checksum(value: Buffer): number {
  return crc32(value.subarray(8), crc32(value.subarray(0, 4)))
}

function serialise(batch: Batch): Buffer {
  const count = batch.ends.length
  const runs = batch.runStarts.length
  const origins = Buffer.from(JSON.stringify(batch.origins))
  const shape = Uint32Array.of(batch.bytes.length, origins.length, runs, count)
  const gaps = new Uint32Array(count)
  const lengths = new Uint32Array(count)
  let end = 0
  for (let i = 0; i < count; i++) {
    const start = batch.starts[i] as number
    gaps[i] = start - end // wraps, and back again when read, should a message begin before the last one's end
    end = batch.ends[i] as number
    lengths[i] = end - start
  }
  return Buffer.concat([
    ...[shape, batch.runTimes, gaps, lengths, batch.runStarts, batch.runOrigins, batch.flags].map(bytesOf),
    origins,
    batch.bytes,
  ])
}

function bytesOf(array: Uint32Array | Float64Array | Uint8Array): Buffer {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength)
}

function deserialise(plain: Buffer): Batch {
  let at = 0
  const take = (length: number): Uint8Array => {
    at += length
    return plain.subarray(at - length, at)
  }
  // Copies: a typed array wants its data aligned, which a place inside a value is not.
  const words = (length: number): Uint32Array => new Uint32Array(Uint8Array.from(take(length * 4)).buffer)
  const [byteLength = 0, originsLength = 0, runs = 0, count = 0] = words(4)
  const runTimes = new Float64Array(Uint8Array.from(take(runs * 8)).buffer)
  const starts = words(count)
  const ends = words(count)
  let end = 0
  for (let i = 0; i < count; i++) {
    const start = (end + (starts[i] as number)) >>> 0
    end = (start + (ends[i] as number)) >>> 0
    starts[i] = start
    ends[i] = end
  }
  const runStarts = words(runs)
  const runOrigins = words(runs)
  const flags = Uint8Array.from(take(count))
  const origins = JSON.parse(Buffer.from(take(originsLength)).toString()) as Origin[]
  const bytes = plain.subarray(at, at + byteLength)
  return { bytes, starts, ends, flags, origins, runStarts, runOrigins, runTimes }
}
