import type { Seq, StoredBatch } from '../core/batch.ts'
import type { Extent } from './sink-cursor.ts'

/** A batch read or about to be read; without `batch` these messages are damaged or gone. */
export interface Fetched {
  readonly extent: Extent
  readonly batch?: StoredBatch
}

/** The newest batches, still decoded, so that a sink close behind the intake never reads from disk. */
export class RecentBatches {
  readonly #maxBytes: number
  #bytes = 0
  /** By first number, ascending. */
  #batches = new Map<Seq, { extent: Extent; batch: StoredBatch }>()

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  add(extent: Extent, batch: StoredBatch): void {
    this.#batches.set(extent.first, { extent, batch })
    this.#bytes += batch.bytes.length
    this.#evict((bytes) => bytes > this.#maxBytes)
  }

  /** Batches in a row from `from` on, until `maxBytes` of messages; none when the first is not held. */
  from(from: Seq, maxBytes: number): Fetched[] {
    const found: Fetched[] = []
    let bytes = 0
    for (let at = this.#batches.get(from); at !== undefined && (bytes === 0 || bytes < maxBytes); at = this.#batches.get(at.extent.end)) {
      bytes += at.batch.bytes.length
      found.push(at)
    }
    return found
  }

  /** Lets go of what every sink has passed. */
  forget(before: Seq): void {
    this.#evict((_bytes, extent) => extent.end <= before)
  }

  #evict(wanted: (bytes: number, oldest: Extent) => boolean): void {
    for (const [first, { extent, batch }] of this.#batches) {
      if (!wanted(this.#bytes, extent)) return
      this.#batches.delete(first)
      this.#bytes -= batch.bytes.length
    }
  }
}
