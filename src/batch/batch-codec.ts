import { promisify } from 'node:util'
import { constants, crc32, zstdCompress, zstdDecompress } from 'node:zlib'
import type { Batch, Seq, StoredBatch, Transport } from '../core/batch.ts'
import type { Drops } from '../core/ledger.ts'
import { deserialise, serialise } from './batch-payload.ts'

/**
 * The stored form of a batch: one value of the queue, docs/queue-format.md. All numbers are little-endian.
 *
 *     0  'L', 1 format version, 2 flags (1: payload is zstd), 3 zero
 *     4  CRC-32 of everything else        8  first Seq (float64)     16  stored bytes before this batch (float64)
 *    24  messages                        28  payload bytes once decompressed
 *    32  length of the intake totals     36  intake totals (JSON), then the payload
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

/** The header as read: it says where the payload lies and how large it is. */
export interface StoredHeader extends BatchHeader {
  readonly plainBytes: number
  readonly payloadAt: number
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

/** Memory to serialise into, used again: new memory for each batch costs the kernel more than the copy into it. */
const scratch: Buffer[] = []
/** As many as libuv's pool compresses at once. */
const maxScratch = 4
const largestScratch = 2 ** 20

/** Serialises and compresses on libuv's pool. A batch that cannot be compressed is stored as it is. */
export async function packBatch(batch: Batch): Promise<PackedBatch> {
  const memory = scratch.pop() ?? Buffer.alloc(0)
  const plain = serialise(batch, (bytes) => (memory.length < bytes ? Buffer.allocUnsafeSlow(bytes + (bytes >>> 3)) : memory))
  const compressed = plain.length < worthCompressing ? undefined : await deflate(plain)
  const smaller = compressed !== undefined && compressed.length < plain.length
  const payload = smaller ? compressed : Buffer.from(plain)
  const used = Buffer.from(plain.buffer)
  if (scratch.length < maxScratch && used.length <= largestScratch) scratch.push(used)
  return { payload, compressed: smaller, plainBytes: plain.length, count: batch.ends.length }
}

/** Lines of a log take less than half; every further chunk would be another trip to the pool. */
function deflate(plain: Buffer): Promise<Buffer | undefined> {
  const chunkSize = Math.max(1024, plain.length >>> 1)
  return compress(plain, { chunkSize, params: { [constants.ZSTD_c_compressionLevel]: 1 } }).catch(() => undefined)
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
export function readHeader(value: Buffer): StoredHeader | undefined {
  if (value.length < fixedBytes || value[0] !== magic || value[1] !== version) return undefined
  return value.readUInt32LE(4) === checksum(value) ? parseHeader(value) : undefined
}

function parseHeader(value: Buffer): StoredHeader {
  const payloadAt = fixedBytes + value.readUInt32LE(32)
  return {
    firstSeq: value.readDoubleLE(8),
    position: value.readDoubleLE(16),
    count: value.readUInt32LE(24),
    plainBytes: value.readUInt32LE(28),
    intake: JSON.parse(value.toString('utf8', fixedBytes, payloadAt)) as IntakeTotals,
    payloadAt,
  }
}

/** The batch of a stored value whose header was read, or undefined when it cannot be made out. */
export async function openBatch(value: Buffer, header: StoredHeader, queueId: string): Promise<StoredBatch | undefined> {
  const payload = value.subarray(header.payloadAt)
  const plain = (value[2] as number) & zstdFlag ? await inflate(payload, header.plainBytes) : payload
  const batch = plain?.length === header.plainBytes ? deserialise(plain) : undefined
  return batch?.ends.length === header.count
    ? { ...batch, queueId, seqs: [[header.firstSeq, header.firstSeq + header.count - 1]] }
    : undefined
}

async function inflate(payload: Buffer, plainBytes: number): Promise<Buffer | undefined> {
  const chunkSize = Math.max(1024, plainBytes)
  return decompress(payload, { chunkSize, maxOutputLength: chunkSize }).catch(() => undefined)
}

function checksum(value: Buffer): number {
  return crc32(value.subarray(8), crc32(value.subarray(0, 4)))
}
