import type { EntryIterator, IteratorOptions, LevelDb } from '../leveldb.ts'

/** Where batches are read. */
export type BatchReader = Pick<LevelDb, 'iterator'>

/** A store that is opened for whoever reads in it. */
export interface ReadSource {
  /** Undefined, and nothing to release, where it went meanwhile. */
  acquire(): Promise<BatchReader | undefined>
  release(): void
}

/** Entries read at once where they are taken one by one. */
const entriesPerRead = 8

/** The same range of several stores, one after the other; each is opened when its turn comes. */
export class ChainedIterator implements EntryIterator {
  readonly #sources: ReadSource[]
  readonly #options: IteratorOptions
  #left: number
  #current: { source: ReadSource; entries: EntryIterator } | undefined

  /** `sources` in the order of reading. */
  constructor(sources: readonly ReadSource[], options: IteratorOptions) {
    this.#sources = [...sources]
    this.#options = options
    this.#left = options.limit ?? Number.POSITIVE_INFINITY
  }

  async nextv(size: number): Promise<[Buffer, Buffer][]> {
    while (this.#left > 0) {
      this.#current ??= await this.#next()
      if (this.#current === undefined) break
      const entries = await this.#current.entries.nextv(Math.min(size, this.#left))
      this.#left -= entries.length
      if (entries.length > 0) return entries
      await this.close()
    }
    return []
  }

  async #next() {
    for (let source = this.#sources.shift(); source !== undefined; source = this.#sources.shift()) {
      const db = await source.acquire()
      if (db === undefined) continue
      try {
        return { source, entries: db.iterator(this.#options) }
      } catch (error) {
        source.release()
        throw error
      }
    }
    return undefined
  }

  /** Lets go of the store that is being read. */
  async close(): Promise<void> {
    const current = this.#current
    this.#current = undefined
    try {
      await current?.entries.close()
    } finally {
      current?.source.release()
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<[Buffer, Buffer]> {
    try {
      for (let entries = await this.nextv(entriesPerRead); entries.length > 0; entries = await this.nextv(entriesPerRead)) yield* entries
    } finally {
      await this.close()
    }
  }
}
