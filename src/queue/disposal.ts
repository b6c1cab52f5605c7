import type { Seq, SeqRange } from '../core/batch.ts'
import type { Logger } from '../core/logger.ts'
import { batchKey } from './keys.ts'
import type { Store } from './leveldb.ts'

/** Up to where batches are of no use to any sink. */
export interface Passed {
  readonly seq: Seq
  readonly position: number
}

export interface DisposalStore {
  use<T>(work: (db: Pick<Store, 'clear'>) => Promise<T>): Promise<T | undefined>
}

/**
 * Deletes batches that every sink has passed. One round at a time, beside the data path, which never waits for it.
 */
export class Disposal {
  readonly #store: DisposalStore
  readonly #logger: Logger
  readonly #deleteBytes: number
  #deleted: Seq = 0
  #deletedPosition: number
  #round: Promise<void> | undefined
  /** What was told last. */
  #latest: Passed | undefined

  /** `from`: the oldest batch that may be stored. `segmentBytes`: less than that is not worth a round. */
  constructor(store: DisposalStore, segmentBytes: number, from: Passed, logger: Logger) {
    this.#store = store
    this.#logger = logger
    this.#deleteBytes = segmentBytes / 8
    this.#deletedPosition = from.position
  }

  /** To be told whenever the slowest sink moves on. */
  consider(passed: Passed): void {
    this.#latest = passed
    if (this.#round !== undefined || passed.seq <= this.#deleted) return
    if (passed.position - this.#deletedPosition < this.#deleteBytes) return
    this.#round = this.#dispose(passed)
      .catch((error: unknown) => this.#logger.error({ code: 'INTERNAL', err: error }, 'deleting what was delivered failed'))
      .finally(() => {
        this.#round = undefined
        // What was passed meanwhile: after a drain nothing else would tell.
        if (this.#latest !== undefined && this.#latest !== passed) this.consider(this.#latest)
      })
  }

  /** Deletes batches in the middle: drop_oldest works behind what is leased. */
  async remove(ranges: readonly SeqRange[]): Promise<void> {
    for (const [from, through] of ranges) await this.#clear(from, through + 1)
  }

  /** A repair may have brought back what was deleted: the next round deletes from the first key on. */
  restart(): void {
    this.#deleted = 0
  }

  /** Resolves when nothing is being deleted. */
  async idle(): Promise<void> {
    while (this.#round !== undefined) await this.#round
  }

  async #dispose({ seq, position }: Passed): Promise<void> {
    const from = this.#deleted
    if ((await this.#clear(from, seq)) !== true) return
    if (this.#deleted === from) this.#deleted = seq
    this.#deletedPosition = position
  }

  #clear(from: Seq, end: Seq): Promise<boolean | undefined> {
    return this.#store.use(async (db) => {
      await db.clear({ gte: batchKey(from), lt: batchKey(end) })
      return true
    })
  }
}
