import { readHeader } from '../../batch/batch-codec.ts'
import type { Seq } from '../../core/batch.ts'
import { batchesEnd, batchKey, seqOfKey } from '../keys.ts'
import { isStoreError, type LevelDb, openFailure, reasonOf } from '../leveldb.ts'
import type { BatchSpan } from '../segments/segment-files.ts'
import { StateRecords } from '../segments/state-records.ts'
import { type Treated, type Treatment, treatStore } from './treat-store.ts'

/** What of a store is looked at when it is opened. */
export interface Content {
  readonly span: BatchSpan | undefined
  readonly state: StateRecords
}

/** Damage may show only when the records are read: then the store is repaired, and set aside when that did not help. */
export async function openContent(directory: string, treatment: Treatment): Promise<{ treated: Treated; content: Content }> {
  let doubts = {}
  for (;;) {
    const treated = await treatStore(directory, { ...treatment, ...doubts })
    try {
      return { treated, content: { span: await spanOf(treated.db), state: await stateOf(treated.db) } }
    } catch (error) {
      await treated.db.close()
      if (!isStoreError(error) || openFailure(directory, error) !== undefined || treated.outcome === 'set_aside') throw error
      doubts = { suspicion: reasonOf(error), beyondRepair: treated.outcome === 'repaired' }
    }
  }
}

/** The batches of a store, apart from damaged ones at its ends. */
async function spanOf(db: LevelDb): Promise<BatchSpan | undefined> {
  const [first, last] = [await firstBatch(db, false), await firstBatch(db, true)]
  return first === undefined || last === undefined ? undefined : { first, last }
}

async function firstBatch(db: LevelDb, reverse: boolean): Promise<Seq | undefined> {
  for await (const [key, value] of db.iterator({ gte: batchKey(0), lt: batchesEnd, reverse, fillCache: false })) {
    const seq = seqOfKey(key)
    if (readHeader(value)?.firstSeq === seq) return seq
  }
  return undefined
}

/** The records of a store that are neither batches nor dead letters. */
async function stateOf(db: LevelDb): Promise<StateRecords> {
  const state = new StateRecords()
  const [before, behind] = [
    { gte: Buffer.of(0), lt: batchKey(0) },
    { gte: batchesEnd, lt: Buffer.of(0xff) },
  ]
  for (const range of [before, behind]) {
    for await (const [key, value] of db.iterator({ ...range, fillCache: false })) state.note([{ type: 'put', key, value }])
  }
  return state
}
