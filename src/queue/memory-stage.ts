import type { IntakeTotals } from '../batch/batch-codec.ts'
import { countByTransport } from '../batch/messages.ts'
import type { Batch, Seq, StoredBatch } from '../core/batch.ts'
import type { HeldBatch } from './group-commit.ts'
import { addCounts, addReceived, type TransportCounts } from './intake-totals.ts'
import type { QueueBooks } from './queue-books.ts'
import type { Fetched } from './recent-batches.ts'
import type { Extent } from './sink-cursor.ts'

/** With so many bytes unread, or a quarter of the limit, or most of the limit in use, senders wait for the sinks. */
const maxUnreadBytes = 8 * 2 ** 20
/** When they have waited for so long the sinks lag, and the disk takes over. */
const lagMs = 250

export interface MemoryStageParts {
  readonly maxBytes: number
  readonly books: QueueBooks
  /** Nothing is on its way to the disk. */
  quiet(): boolean
  /** Every sink has read what lies before this number. */
  readTo(): Seq
  /** Has the batch written in its turn; resolves when it is. */
  write(held: HeldBatch): Promise<void>
}

interface Entry extends HeldBatch {
  readonly extent: { -readonly [K in keyof Extent]: Extent[K] }
  readonly counts: TransportCounts
  writing?: Promise<void>
  sealed?: true
}

/**
 * The memory of `durability: assisted`: batches that the sinks take at once never reach the disk. They are written when the
 * sinks lag, when they have waited for a second or two, and at a stop. Until then only `books` knows them: what lies on disk
 * ends before the first of them, so that after a kill it balances without them.
 */
export class MemoryStage {
  readonly #parts: MemoryStageParts
  readonly #entries: Entry[] = []
  #bytes = 0
  /** Messages of the entries that no write carries yet. */
  #unsealed: TransportCounts = {}
  #waiting: (() => void)[] = []
  #lag: NodeJS.Timeout | undefined
  /** The oldest at the last tick. */
  #oldest: Entry | undefined

  constructor(parts: MemoryStageParts) {
    this.#parts = parts
  }

  get empty(): boolean {
    return this.#entries.length === 0
  }

  /** Number of the first message in it. */
  get first(): Seq | undefined {
    return this.#entries[0]?.extent.first
  }

  get messages(): number {
    return this.#entries.reduce((sum, { batch }) => sum + batch.ends.length, 0)
  }

  /**
   * Takes over a batch that may be read at once. Resolves when the next one is welcome. Undefined: nothing was taken, the
   * batch goes to the disk, behind what `spill` sends there.
   */
  take(batch: Batch, queueId: string): Promise<void> | undefined {
    const { books, maxBytes, quiet, readTo } = this.#parts
    const before = books.intake.stored
    const size = sizeOf(batch)
    if (this.#bytes + size > maxBytes || !quiet() || readTo() < (this.first ?? before.nextSeq)) return undefined
    const counts = countByTransport(batch)
    const seq = books.intake.append(batch.ends.length, counts)
    const end = seq + batch.ends.length
    books.takeIntoMemory(end, books.intake.withReceived(counts))
    const timeMs = batch.runTimes[0]
    const extent = { first: seq, end, position: before.position, bytes: 0, ...(timeMs === undefined ? {} : { timeMs }) }
    const entry: Entry = {
      extent,
      batch: { ...batch, queueId, seqs: [[seq, end - 1]] },
      counts,
      totals: () => this.#totalsThrough(entry),
      seal: (position, bytes) => {
        Object.assign(extent, { position, bytes })
        this.#carried(entry)
      },
    }
    this.#entries.push(entry)
    this.#bytes += size
    this.#unsealed = addCounts(this.#unsealed, counts)
    this.#tellBooks()
    if (!this.#pressed) return Promise.resolve()
    this.#lag ??= setTimeout(() => void this.spill(), lagMs)
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Batches in a row from `from` on, which the caller holds, until `maxBytes` of messages; none when the first is not here. */
  from(from: Seq, maxBytes: number): Fetched[] {
    this.#relieve()
    const found: Fetched[] = []
    let bytes = 0
    for (let i = this.#entries.findIndex(({ extent }) => extent.first === from); i >= 0 && i < this.#entries.length; i++) {
      if (bytes > 0 && bytes >= maxBytes) break
      const { extent, batch } = this.#entries[i] as Entry
      bytes += batch.bytes.length
      batch.memory?.retain()
      found.push({ extent, batch })
    }
    return found
  }

  /** Every sink is done with what lies before this number: it is let go of without having been written. */
  forget(before: Seq): void {
    for (let [entry] = this.#entries; entry !== undefined && entry.extent.end <= before; [entry] = this.#entries) {
      if (entry.writing !== undefined) break
      entry.batch.memory?.release()
      this.#remove(entry)
    }
  }

  /** Has everything written; resolves when it is. What comes meanwhile follows it to the disk. */
  async spill(): Promise<void> {
    clearTimeout(this.#lag)
    this.#lag = undefined
    for (const entry of this.#entries) {
      // The writer takes over the batch.
      entry.writing ??= this.#parts.write(entry).then(() => this.#remove(entry))
    }
    await Promise.all(this.#entries.map(({ writing }) => writing))
  }

  /** Once a second. */
  tick(): void {
    const [oldest] = this.#entries
    if (oldest !== undefined && oldest === this.#oldest) void this.spill()
    this.#oldest = oldest
  }

  /** More than enough is here that not every sink has read, or that is sent and not yet known to be read by its receiver. */
  get #pressed(): boolean {
    if (this.#bytes > (this.#parts.maxBytes * 7) / 8) return true
    const readTo = this.#parts.readTo()
    let unread = 0
    for (let i = this.#entries.length - 1; i >= 0 && (this.#entries[i] as Entry).extent.first >= readTo; i--) {
      unread += sizeOf((this.#entries[i] as Entry).batch)
    }
    return unread > Math.min(maxUnreadBytes, this.#parts.maxBytes / 4)
  }

  #relieve(): void {
    if (this.#waiting.length === 0 || this.#pressed) return
    clearTimeout(this.#lag)
    this.#lag = undefined
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  #remove(entry: Entry): void {
    this.#entries.splice(this.#entries.indexOf(entry), 1)
    this.#bytes -= sizeOf(entry.batch)
    this.#carried(entry)
    this.#relieve()
  }

  /** The next write carries it, or it needs none. */
  #carried(entry: Entry): void {
    if (entry.sealed) return
    entry.sealed = true
    this.#unsealed = addCounts(this.#unsealed, entry.counts, -1)
    this.#tellBooks()
  }

  #tellBooks(): void {
    const from = this.#entries.find(({ sealed }) => !sealed)?.extent.first
    this.#parts.books.intake.hold(from === undefined ? undefined : { from, counts: this.#unsealed })
  }

  /** Not as they were when it came: what was dropped since is told with it. */
  #totalsThrough(entry: Entry): IntakeTotals {
    const behind = this.#entries.slice(this.#entries.indexOf(entry) + 1)
    return behind.reduce((totals, { counts }) => addReceived(totals, counts, -1), this.#parts.books.intake.stored.intake)
  }
}

function sizeOf({ bytes, ends }: StoredBatch | Batch): number {
  return bytes.length + 9 * ends.length + 1024
}
