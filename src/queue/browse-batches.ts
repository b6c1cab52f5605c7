import { messagesFrom } from '../batch/messages.ts'
import type { Seq, StoredBatch } from '../core/batch.ts'
import { batchKey, seqOfKey } from './keys.ts'
import type { LevelDb } from './leveldb.ts'
import type { Fetched } from './recent-batches.ts'
import { readBatches } from './stored-batches.ts'
import type { Head } from './watermark.ts'

type Use = <T>(work: (db: LevelDb) => Promise<T>) => Promise<T | undefined>

export interface BrowseRange {
  readonly from: Seq
  /** The oldest batch that is waiting: nothing below its key is looked at. */
  readonly firstBatch: Seq
  readonly head: Head
}

const bytesPerRead = 2 ** 20

/** Waiting batches in order, without those that are damaged. */
export async function* browseBatches(use: Use, queueId: string, range: BrowseRange, signal: AbortSignal): AsyncGenerator<StoredBatch> {
  let at = await use((db) => batchHolding(db, range))
  while (at !== undefined && at < range.head.nextSeq && !signal.aborted) {
    const from = at
    const fetched: Fetched[] = (await use((db) => readBatches(db, queueId, from, range.head, bytesPerRead))) ?? []
    for (const { batch } of fetched) {
      const wanted = batch === undefined ? undefined : messagesFrom(batch, range.from)
      if (wanted !== undefined && !signal.aborted) yield wanted
    }
    at = fetched.at(-1)?.extent.end
  }
}

/** First number of the batch that holds `from`. */
async function batchHolding(db: LevelDb, { from, firstBatch }: BrowseRange): Promise<Seq> {
  if (from <= firstBatch) return firstBatch
  const upToFrom = { gte: batchKey(firstBatch), lt: batchKey(from + 1), reverse: true, limit: 1, fillCache: false }
  for await (const [key] of db.iterator(upToFrom)) return seqOfKey(key)
  return firstBatch
}
