import { openBatch } from '../batch/batch-codec.ts'
import type { Seq } from '../core/batch.ts'
import { batchKey, seqOfKey } from './keys.ts'
import type { LevelDb } from './leveldb.ts'
import type { Fetched } from './recent-batches.ts'
import type { Head } from './watermark.ts'

/** Batches taken from one read of the store. */
const batchesPerRead = 256

/** What a stored batch takes on disk: its value, its key with LevelDB's own eight bytes, and its share of block and index. */
export function storedBytes(value: Buffer): number {
  return value.length + 64
}

/**
 * Reads batches from `from` (the first number of one) on, about `maxBytes` of stored bytes, below the head. What is missing
 * or damaged comes as an extent without a batch; the extents follow each other without a gap. Empty only when nothing lies
 * between `from` and the head. Rejects with LevelDB's errors.
 */
export async function readBatches(db: LevelDb, queueId: string, from: Seq, head: Head, maxBytes: number): Promise<Fetched[]> {
  const end = head.nextSeq
  if (from >= end) return []
  const iterator = db.iterator({ gte: batchKey(from), lt: batchKey(end), fillCache: false, highWaterMarkBytes: maxBytes })
  try {
    for (;;) {
      const entries = await iterator.nextv(batchesPerRead)
      if (entries.length === 0) return [{ extent: { first: from, end, position: head.position, bytes: 0 } }]
      const found = await decode(entries, queueId, from)
      if (found.length > 0) return found
    }
  } finally {
    await iterator.close()
  }
}

async function decode(entries: [Buffer, Buffer][], queueId: string, from: Seq): Promise<Fetched[]> {
  const opened = await Promise.all(entries.map(([, value]) => openBatch(value, queueId)))
  const found: Fetched[] = []
  let at = from
  for (const [i, [key, value]] of entries.entries()) {
    const stored = opened[i]
    const first = seqOfKey(key)
    // A damaged value is left out: the next good one shows where the gap that it leaves ends.
    if (stored === undefined || stored.header.firstSeq !== first || first < at) continue
    const { position, count } = stored.header
    if (first > at) found.push({ extent: { first: at, end: first, position, bytes: 0 } })
    const end = first + count
    const timeMs = stored.batch.runTimes[0]
    found.push({
      extent: { first, end, position, bytes: storedBytes(value), ...(timeMs === undefined ? {} : { timeMs }) },
      batch: stored.batch,
    })
    at = end
  }
  return found
}
