import type { Seq, SeqRange } from '../core/batch.ts'
import type { Logger } from '../core/logger.ts'
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
  readonly #logger: Logger
  /** Stored bytes deleted behind a batch that is still needed, and from where on, since the last compaction there. */
  #removedBytes = 0
  #removedFrom = Number.POSITIVE_INFINITY
  #round: Promise<void> | undefined
  /** What was told last. */
  #latest: Passed | undefined

  /** `from`: the oldest batch that may be stored. Both thresholds follow the queue's limit. */
  constructor(store: DisposalStore, maxBytes: number, from: Passed, logger: Logger) {
    this.#logger = logger
    this.#store = store
    // Little at a time: what a compaction finds undeleted it writes once more.
    this.#deleteBytes = Math.min(2 * 2 ** 20, maxBytes / 64)
    this.#compactBytes = Math.min(96 * 2 ** 20, maxBytes / 16)
    this.#small = maxBytes < smallBytes
    this.#deleted = 0
    this.#deletedPosition = from.position
    this.#compactedPosition = from.position
  }

  /** To be told whenever the slowest sink moves on. */
  consider(passed: Passed): void {
    this.#latest = passed
    const bytes = passed.position - this.#deletedPosition
    if (this.#round !== undefined || passed.seq <= this.#deleted) return
    if (bytes < this.#deleteBytes && !(passed.drained && bytes >= this.#deleteBytes / 8)) return
    this.#round = this.#dispose(passed)
      .catch((error: unknown) => this.#logger.error({ code: 'INTERNAL', err: error }, 'deleting what was delivered failed'))
      .finally(() => {
        this.#round = undefined
        // What was passed meanwhile: after a drain nothing else would tell.
        if (this.#latest !== undefined && this.#latest !== passed) this.consider(this.#latest)
      })
  }

  /** Deletes batches in the middle, about so many stored bytes: drop_oldest works behind what is leased. */
  async remove(ranges: readonly SeqRange[], bytes: number): Promise<void> {
    for (const [from, through] of ranges) {
      if ((await this.#delete(from, through + 1)) !== true) return
      this.#removedFrom = Math.min(this.#removedFrom, from)
    }
    this.#removedBytes += bytes
    if (this.#removedBytes < this.#compactBytes) return
    const from = batchKey(this.#removedFrom)
    const last = ranges.at(-1)?.[1] ?? this.#removedFrom
    this.#removedBytes = 0
    this.#removedFrom = Number.POSITIVE_INFINITY
    await this.#store.use((db) => db.compactRange(from, batchKey(last + 1)))
  }

  /** A repair may have brought back what was deleted: the next round deletes from the first key on. */
  restart(): void {
    this.#deleted = 0
  }

  /** Resolves when nothing is being deleted. */
  async idle(): Promise<void> {
    while (this.#round !== undefined) await this.#round
  }

  async #dispose({ seq, position, drained }: Passed): Promise<void> {
    const from = this.#deleted
    if ((await this.#delete(from, seq)) !== true) return
    if (this.#deleted === from) this.#deleted = seq
    this.#deletedPosition = position
    const waiting = position - this.#compactedPosition
    if (waiting < this.#compactBytes && !(drained && waiting >= this.#compactBytes / 8)) return
    this.#compactedPosition = position
    await this.#store.use((db) => db.compactRange(batchKey(0), drained ? batchesEnd : batchKey(seq)))
  }

  #delete(from: Seq, end: Seq): Promise<boolean | undefined> {
    return this.#small ? this.#clearApart(from, end) : this.#clear(from, end)
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
