import { crc32 } from 'node:zlib'
import type { Batch, Seq, StoredBatch, Transport } from '../core/batch.ts'
import type { Drops } from '../core/ledger.ts'
import type { Zstd } from '../core/zstd.ts'
import { deserialise, serialise } from './batch-payload.ts'
import { BufferPool } from './buffer-pool.ts'
import { PooledMemory } from './pooled-memory.ts'

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
  readonly received: Readonly<Partial<Record<Transport, number>>>
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
  /** The payload begins at `headRoom`; what is before it is for the header. */
  readonly value: Buffer
  readonly payloadBytes: number
  readonly compressed: boolean
  readonly plainBytes: number
  readonly count: number
}

/** Room for the header before a payload, so that the payload never moves. Intake totals take about 200 bytes. */
const headRoom = 1024
/** Each packing has one of either. */
const plains = new BufferPool(4)
const values = new BufferPool(16)
/** Those of batches that are read and not yet sent. */
const opened = new BufferPool(16)

/** Serialises and compresses beside the event loop. A batch that cannot be compressed is stored as it is. */
export async function packBatch(batch: Batch, zstd: Zstd): Promise<PackedBatch> {
  let memory: Buffer | undefined
  const plain = serialise(batch, (bytes) => {
    memory = plains.take(bytes)
    return memory
  })
  const value = values.take(headRoom + plain.length)
  const room = value.subarray(headRoom, headRoom + plain.length - 1) // what is not smaller does not fit
  const packed = plain.length < worthCompressing ? undefined : await zstd.compress(plain, room)
  if (packed === undefined) value.set(plain, headRoom)
  const shape = { compressed: packed !== undefined, plainBytes: plain.length, count: batch.ends.length }
  if (memory !== undefined) plains.give(memory)
  return { value, payloadBytes: packed ?? plain.length, ...shape }
}

/** The value to store: a view of the packed batch's memory, until `releasePacked`. */
export function sealBatch(packed: PackedBatch, header: Omit<BatchHeader, 'count'>): Buffer {
  const intake = Buffer.from(JSON.stringify(header.intake))
  const begin = headRoom - fixedBytes - intake.length
  const whole = begin >= 0 ? packed.value : Buffer.concat([Buffer.alloc(-begin), packed.value])
  const value = whole.subarray(Math.max(0, begin), whole.length - packed.value.length + headRoom + packed.payloadBytes)
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
  value.writeUInt32LE(checksum(value), 4)
  return value
}

/** The value is written, or given up: its memory may be used again. */
export function releasePacked(packed: PackedBatch): void {
  values.give(packed.value)
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
export async function openBatch(value: Buffer, header: StoredHeader, queueId: string, zstd: Zstd): Promise<StoredBatch | undefined> {
  const payload = value.subarray(header.payloadAt)
  const buffer = opened.take(header.plainBytes)
  const plain = buffer.subarray(0, header.plainBytes)
  const filled =
    (value[2] as number) & zstdFlag ? await zstd.decompress(payload, plain) : plain.length === payload.length && payload.copy(plain)
  const batch = filled === plain.length ? deserialise(plain) : undefined
  if (batch?.ends.length !== header.count) {
    opened.give(buffer)
    return undefined
  }
  const seqs = [[header.firstSeq, header.firstSeq + header.count - 1]] as const
  return { ...batch, queueId, seqs, memory: new PooledMemory(buffer, opened) }
}

function checksum(value: Buffer): number {
  return crc32(value.subarray(8), crc32(value.subarray(0, 4)))
}
