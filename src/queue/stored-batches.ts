import { openBatch, readHeader, type StoredHeader } from '../batch/batch-codec.ts'
import type { Seq, SeqRange } from '../core/batch.ts'
import { zstd } from '../native/zstd.ts'
import { batchKey, seqOfKey } from './keys.ts'
import type { LevelDb } from './leveldb.ts'
import type { Fetched } from './recent-batches.ts'
import type { Head } from './watermark.ts'

/** Values taken from one read of the store: few, for each may stand for much more than it takes on disk. */
const valuesPerRead = 8
/** Messages' bytes worth of values taken at once when all are looked at. */
const bytesPerScan = 4 * 2 ** 20

/** What a stored batch takes on disk: its value, its key with LevelDB's own eight bytes, and its share of block and index. */
export function storedBytes(value: Buffer): number {
  return value.length + 64
}

/**
 * Reads batches from `from` (the first number of one) on, about `maxBytes` of messages, below the head. What is missing or
 * damaged comes as an extent without a batch; the extents follow each other without a gap. Empty only when nothing lies
 * between `from` and the head. Rejects with LevelDB's errors.
 */
export async function readBatches(db: LevelDb, queueId: string, from: Seq, head: Head, maxBytes: number): Promise<Fetched[]> {
  const found: Fetched[] = []
  let at = from
  let bytes = 0
  for await (const { header, value } of readValues(db, from, head.nextSeq, maxBytes)) {
    const batch = await openBatch(value, header, queueId, zstd())
    if (batch === undefined) continue
    const { firstSeq: first, position, count } = header
    if (first > at) found.push({ extent: { first: at, end: first, position, bytes: 0 } })
    at = first + count
    const timeMs = batch.runTimes[0]
    found.push({ extent: { first, end: at, position, bytes: storedBytes(value), ...(timeMs === undefined ? {} : { timeMs }) }, batch })
    bytes += batch.bytes.length
    if (bytes >= maxBytes) return found
  }
  if (found.length === 0 && at < head.nextSeq) found.push({ extent: { first: at, end: head.nextSeq, position: head.position, bytes: 0 } })
  return found
}

interface StoredValue {
  readonly header: StoredHeader
  readonly value: Buffer
}

/** Values whose checksum is right, in order. A damaged one is left out: the next good one shows where the gap ends. */
async function* readValues(db: LevelDb, from: Seq, end: Seq, maxBytes: number): AsyncGenerator<StoredValue> {
  if (from >= end) return
  // Stored bytes are fewer than those they stand for: a quarter is about what a line of logs compresses to.
  const highWaterMarkBytes = Math.max(64 * 1024, maxBytes / 4)
  const iterator = db.iterator({ gte: batchKey(from), lt: batchKey(end), fillCache: false, highWaterMarkBytes })
  try {
    let at = from
    for (let entries = await iterator.nextv(valuesPerRead); entries.length > 0; entries = await iterator.nextv(valuesPerRead)) {
      for (const [key, value] of entries) {
        const header = readHeader(value)
        if (header === undefined || header.firstSeq !== seqOfKey(key) || header.firstSeq < at) continue
        yield { header, value }
        at = header.firstSeq + header.count
      }
    }
  } finally {
    await iterator.close()
  }
}

/** What lies between `from` and the head and cannot be read, by header and checksum. */
export async function findGaps(db: LevelDb, from: Seq, head: Head): Promise<SeqRange[]> {
  const gaps: SeqRange[] = []
  let at = from
  for await (const { header } of readValues(db, from, head.nextSeq, bytesPerScan)) {
    if (header.firstSeq > at) gaps.push([at, header.firstSeq - 1])
    at = header.firstSeq + header.count
  }
  if (at < head.nextSeq) gaps.push([at, head.nextSeq - 1])
  return gaps
}
