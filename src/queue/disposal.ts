import type { Seq } from '../core/batch.ts'
import { batchesEnd, batchKey, storeEnd } from './keys.ts'
import type { LevelDb } from './leveldb.ts'

/** Up to where batches are of no use to any sink. */
export interface Passed {
  readonly seq: Seq
  readonly position: number
  /** Nothing waits any more. */
  readonly drained: boolean
}

export interface DisposalStore {
  use<T>(work: (db: LevelDb) => Promise<T>): Promise<T | undefined>
  /** The same while nothing else is written. */
  exclusive<T>(work: (db: LevelDb) => Promise<T>): Promise<T | undefined>
}

/** Below this limit one compaction of everything would be more than a third of it. */
const smallBytes = 128 * 2 ** 20

/**
 * Deletes batches that every sink has passed and has LevelDB give their disk back: deletes alone may never do so. One
 * round at a time, beside the data path, which never waits for it.
 */
export class Disposal {
  readonly #store: DisposalStore
  readonly #deleteBytes: number
  readonly #compactBytes: number
  readonly #small: boolean
  #deleted: Seq
  #deletedPosition: number
  #compactedPosition: number
  #round: Promise<void> | undefined

  /** `from`: the oldest batch that may be stored. Both thresholds follow the queue's limit. */
  constructor(store: DisposalStore, maxBytes: number, from: Passed) {
    this.#store = store
    this.#deleteBytes = Math.min(8 * 2 ** 20, maxBytes / 64)
    this.#compactBytes = Math.min(96 * 2 ** 20, maxBytes / 16)
    this.#small = maxBytes < smallBytes
    this.#deleted = 0
    this.#deletedPosition = from.position
    this.#compactedPosition = from.position
  }

  /** To be told whenever the slowest sink moves on. */
  consider(passed: Passed): void {
    const bytes = passed.position - this.#deletedPosition
    if (this.#round !== undefined || passed.seq <= this.#deleted) return
    if (bytes < this.#deleteBytes && !(passed.drained && bytes >= this.#deleteBytes / 8)) return
    this.#round = this.#dispose(passed).finally(() => {
      this.#round = undefined
    })
  }

  /** Deletes batches in the middle: drop_oldest works behind what is leased. */
  async remove(first: Seq, end: Seq): Promise<void> {
    await this.#store.use((db) => db.clear({ gte: batchKey(first), lt: batchKey(end) }))
  }

  /** Resolves when the round under way is over. */
  async idle(): Promise<void> {
    await this.#round
  }

  async #dispose({ seq, position, drained }: Passed): Promise<void> {
    const from = this.#deleted
    const cleared = await (this.#small ? this.#clearApart(from, seq) : this.#clear(from, seq))
    if (cleared !== true) return
    this.#deleted = seq
    this.#deletedPosition = position
    const waiting = position - this.#compactedPosition
    if (waiting < this.#compactBytes && !(drained && waiting >= this.#compactBytes / 8)) return
    this.#compactedPosition = position
    await this.#store.use((db) => db.compactRange(batchKey(0), drained ? batchesEnd : batchKey(seq)))
  }

  #clear(from: Seq, seq: Seq): Promise<boolean | undefined> {
    return this.#store.use(async (db) => {
      await db.clear({ gte: batchKey(from), lt: batchKey(seq) })
      return true
    })
  }

  /**
   * Deletions in a table of their own. In one table with new batches they would make it span the whole queue, and the
   * compaction that frees the deleted batches would write every waiting batch a second time.
   */
  #clearApart(from: Seq, seq: Seq): Promise<boolean | undefined> {
    return this.#store.exclusive(async (db) => {
      await db.compactRange(storeEnd, storeEnd)
      await db.clear({ gte: batchKey(from), lt: batchKey(seq) })
      await db.compactRange(storeEnd, storeEnd)
      return true
    })
  }
}
