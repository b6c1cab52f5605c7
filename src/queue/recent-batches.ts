import type { Seq, StoredBatch } from '../core/batch.ts'
import type { Extent } from './sink-cursor.ts'

/** A batch read or about to be read; without `batch` these messages are damaged or gone. */
export interface Fetched {
  readonly extent: Extent
  readonly batch?: StoredBatch
}

/** Messages held at most. */
const defaultBytes = 16 * 2 ** 20

/**
 * The newest batches, still decoded, so that a sink close behind the intake never reads from disk. Nothing is held while
 * every sink is far behind: batches would be pushed out again before one came to them.
 */
export class RecentBatches {
  readonly #maxBytes: number
  #bytes = 0
  /** By first number, ascending. */
  #batches = new Map<Seq, { extent: Extent; batch: StoredBatch }>()

  constructor(maxBytes = defaultBytes) {
    this.#maxBytes = maxBytes
  }

  /** Takes over the batch. `reached`: stored bytes that the fastest sink has read. */
  add(extent: Extent, batch: StoredBatch, reached: number): void {
    if (extent.position - reached > this.#maxBytes / 4) {
      this.#evict(() => true)
      batch.memory?.release()
      return
    }
    this.#batches.set(extent.first, { extent, batch })
    this.#bytes += batch.bytes.length
    this.#evict((bytes) => bytes > this.#maxBytes)
  }

  /** Batches in a row from `from` on, which the caller holds, until `maxBytes` of messages; none when the first is not held. */
  from(from: Seq, maxBytes: number): Fetched[] {
    const found: Fetched[] = []
    let bytes = 0
    for (let at = this.#batches.get(from); at !== undefined && (bytes === 0 || bytes < maxBytes); at = this.#batches.get(at.extent.end)) {
      bytes += at.batch.bytes.length
      at.batch.memory?.retain()
      found.push(at)
    }
    return found
  }

  /** When the first message of the batch that begins at `first` was received; undefined when it is not held. */
  timeOf(first: Seq): number | undefined {
    return this.#batches.get(first)?.extent.timeMs
  }

  /** Lets go of what every sink has read. */
  forget(before: Seq): void {
    this.#evict((_bytes, extent) => extent.end <= before)
  }

  #evict(wanted: (bytes: number, oldest: Extent) => boolean): void {
    for (const [first, { extent, batch }] of this.#batches) {
      if (!wanted(this.#bytes, extent)) return
      this.#batches.delete(first)
      this.#bytes -= batch.bytes.length
      batch.memory?.release()
    }
  }
}
