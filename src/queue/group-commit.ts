import { type IntakeTotals, type PackedBatch, packBatch, releasePacked, sealBatch } from '../batch/batch-codec.ts'
import { countByTransport } from '../batch/messages.ts'
import type { Batch, Seq, StoredBatch } from '../core/batch.ts'
import type { Checkpoint } from '../core/intake.ts'
import { zstd } from '../native/zstd.ts'
import type { IntakeBooks } from './intake-books.ts'
import { addCounts, type TransportCounts } from './intake-totals.ts'
import { batchKey, checkpointKey, cursorKey, intakeKey } from './keys.ts'
import type { Op } from './leveldb.ts'
import { mergeBatches } from './merge-batches.ts'
import { encodeRecord } from './records.ts'
import type { CursorRecord, Extent, SinkCursor } from './sink-cursor.ts'
import { storedBytes } from './stored-batches.ts'

/** Batches being compressed at once: one thread of libuv's four stays free for LevelDB. */
const maxPacking = 3
/** Small batches that wait together become one record of up to this many bytes. */
const joinBytes = 256 * 1024
/** Stored bytes in one write. */
const maxWriteBytes = 4 * 2 ** 20

/** A batch that may be read already: it was kept in memory, and is written after all. */
export interface HeldBatch {
  readonly extent: Extent
  readonly batch: StoredBatch
  /** The totals with it, as of now. */
  totals(): IntakeTotals
  /** It has its place in the store, from the next write on. */
  seal(position: number, bytes: number): void
}

interface Waiting {
  readonly batch: Batch
  readonly firstSeq: Seq
  readonly checkpoint: Checkpoint | undefined
  readonly held: HeldBatch | undefined
  readonly stored: () => void
}

interface PendingRecord {
  readonly parts: readonly Waiting[]
  readonly batch: Batch
  readonly firstSeq: Seq
  readonly held: HeldBatch | undefined
  /** Its part of `pendingBytes`. */
  readonly weight: number
  packed?: PackedBatch
}

export interface Committed {
  readonly extent: Extent
  readonly batch: StoredBatch
}

export interface CommitTarget {
  readonly queueId: string
  /** Whether a write that holds batches is fsynced. */
  readonly sync: boolean
  /** Writes until it succeeds; false when the store was closed before. */
  write(ops: Op[], sync: boolean): Promise<boolean>
  /** These batches are stored and may be read; takes them over. */
  committed(records: readonly Committed[]): void
}

/**
 * The one writer of a queue. What is ready when a write ends goes out in the next one, in order: batches, cursors,
 * dead letters and counters together, so the ledger on disk balances at every moment.
 */
export class GroupCommit {
  readonly #target: CommitTarget
  readonly #books: IntakeBooks
  #waiting: Waiting[] = []
  #records: PendingRecord[] = []
  /** Those in the write under way. */
  #writing: readonly PendingRecord[] = []
  #packing = 0
  #pendingBytes = 0
  #cursors = new Set<SinkCursor>()
  #side: Op[] = []
  #noted: ((written: boolean) => void)[] = []
  /** Noted for the write under way. */
  #noting: ((written: boolean) => void)[] = []
  #running = false
  #idle: (() => void)[] = []
  #closed = false

  constructor(target: CommitTarget, books: IntakeBooks) {
    this.#target = target
    this.#books = books
  }

  /** Bytes taken and not yet stored, with what each message and each batch takes besides. */
  get pendingBytes(): number {
    return this.#pendingBytes
  }

  /** Takes a batch; resolves when it is stored as `sync` demands. */
  append(batch: Batch, checkpoint: Checkpoint | undefined): Promise<void> {
    const firstSeq = this.#books.append(batch.ends.length, countByTransport(batch))
    this.#pendingBytes += weightOf(batch)
    return new Promise((stored) => {
      this.#waiting.push({ batch, firstSeq, checkpoint, held: undefined, stored })
      this.#pack()
    })
  }

  /** Writes a batch that has its number already, and takes it over; resolves when it is stored. */
  write(held: HeldBatch): Promise<void> {
    const { batch, extent } = held
    this.#pendingBytes += weightOf(batch)
    return new Promise((stored) => {
      this.#waiting.push({ batch, firstSeq: extent.first, checkpoint: undefined, held, stored })
      this.#pack()
    })
  }

  /** Nothing is on its way to the disk. */
  get quiet(): boolean {
    return this.#waiting.length === 0 && this.#records.length === 0 && this.#writing.length === 0
  }

  /** Has a sink's cursor in the next write, whenever that is. */
  later(cursor: SinkCursor): void {
    this.#cursors.add(cursor)
  }

  /** Has a sink's cursor and these operations in the next write; resolves when it is done, to false when the queue was closed before. */
  note(cursor: SinkCursor | undefined, ops: readonly Op[]): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false)
    if (cursor !== undefined) this.#cursors.add(cursor)
    for (const op of ops) this.#side.push(op) // not spread: thousands of dead letters are too many arguments
    return new Promise((noted) => {
      this.#noted.push(noted)
      this.#kick()
    })
  }

  /** Resolves when nothing waits to be written. */
  idle(): Promise<void> {
    if (!this.#running && this.#records.length === 0 && this.#waiting.length === 0) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  /** The store takes nothing more: batches that wait stay unanswered, notes hear of it. */
  close(): void {
    this.#closed = true
    for (const resolve of this.#noted.splice(0)) resolve(false)
    for (const resolve of this.#noting.splice(0)) resolve(false)
  }

  /** Messages taken and not stored, without those that were kept in memory. */
  unstored(): TransportCounts {
    const left = [...this.#writing, ...this.#records, ...this.#waiting].filter(({ held }) => held === undefined)
    return left.map(({ batch }) => countByTransport(batch)).reduce((sum, counts) => addCounts(sum, counts), {})
  }

  #pack(): void {
    while (this.#packing < maxPacking && this.#waiting.length > 0) {
      const parts = this.#takeParts()
      const { firstSeq, held } = parts[0] as Waiting
      const record: PendingRecord = {
        parts,
        batch: joined(parts),
        firstSeq,
        held,
        weight: parts.reduce((sum, { batch }) => sum + weightOf(batch), 0),
      }
      this.#records.push(record)
      this.#packing++
      void packBatch(record.batch, zstd()).then((packed) => {
        record.packed = packed
        this.#packing--
        this.#pack()
        this.#kick()
      })
    }
  }

  #takeParts(): Waiting[] {
    let bytes = 0
    // What may be read already is known by its first number, and must be found by it.
    const end = this.#waiting.findIndex(({ batch, held }, i) => {
      bytes += batch.bytes.length
      return i > 0 && (bytes > joinBytes || held !== undefined || this.#waiting[0]?.held !== undefined)
    })
    return this.#waiting.splice(0, end === -1 ? this.#waiting.length : end)
  }

  #kick(): void {
    if (this.#running) return
    this.#running = true
    void this.#run()
  }

  async #run(): Promise<void> {
    for (;;) {
      const { ops, records, committed, cursors } = this.#seal()
      this.#writing = records
      this.#noting = this.#noted
      this.#noted = []
      if (ops.length > 0) {
        const written = await this.#target.write(ops, this.#target.sync && records.length > 0)
        if (!written || this.#closed) return this.close() // what waits stays unanswered, and #running stays true
        this.#writing = []
        for (const [cursor, record] of cursors) cursor.written(record)
        for (const { weight, packed } of records) {
          this.#pendingBytes -= weight
          releasePacked(packed as PackedBatch)
        }
        this.#target.committed(committed)
        for (const part of records.flatMap(({ parts }) => parts)) part.stored()
      }
      for (const resolve of this.#noting.splice(0)) resolve(true)
      if (this.#records[0]?.packed === undefined && this.#noted.length === 0) break
    }
    this.#running = false
    if (this.#records.length > 0 || this.#waiting.length > 0) return
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  /** Gives everything that is ready its place: positions, totals, checksums. */
  #seal(): { ops: Op[]; records: PendingRecord[]; committed: Committed[]; cursors: [SinkCursor, CursorRecord][] } {
    const ops: Op[] = []
    const records: PendingRecord[] = []
    const committed: Committed[] = []
    const begin = this.#books.stored.position
    while (this.#records[0]?.packed !== undefined && this.#books.stored.position - begin < maxWriteBytes) {
      const record = this.#records.shift() as PendingRecord
      records.push(record)
      committed.push(this.#sealRecord(record, record.packed as PackedBatch, ops))
    }
    for (const op of this.#side) ops.push(op) // before totals and cursors: what is newer goes last
    this.#side = []
    if (this.#books.dirty) {
      ops.push({ type: 'put', key: intakeKey, value: encodeRecord(this.#books.onDisk()) })
      this.#books.dirty = false
    }
    const cursors = [...this.#cursors].map((cursor): [SinkCursor, CursorRecord] => [cursor, cursor.record])
    this.#cursors.clear()
    for (const [{ sink }, record] of cursors) ops.push({ type: 'put', key: cursorKey(sink), value: encodeRecord(record) })
    return { ops, records, committed, cursors }
  }

  #sealRecord({ batch, firstSeq, parts, held }: PendingRecord, packed: PackedBatch, ops: Op[]): Committed {
    const { position } = this.#books.stored
    const intake = held?.totals() ?? this.#books.withReceived(countByTransport(batch))
    const value = sealBatch(packed, { firstSeq, position, intake })
    ops.push({ type: 'put', key: batchKey(firstSeq), value })
    for (const { checkpoint } of parts) {
      if (checkpoint !== undefined) ops.push({ type: 'put', key: checkpointKey(checkpoint.key), value: Buffer.from(checkpoint.value) })
    }
    const end = firstSeq + batch.ends.length
    const bytes = storedBytes(value)
    if (held !== undefined) {
      this.#books.grow(bytes)
      held.seal(position, bytes)
      return held
    }
    this.#books.seal(end, position + bytes, intake)
    const timeMs = batch.runTimes[0]
    const extent = { first: firstSeq, end, position, bytes, ...(timeMs === undefined ? {} : { timeMs }) }
    return { extent, batch: { ...batch, queueId: this.#target.queueId, seqs: [[firstSeq, end - 1]] } }
  }
}

/** The parts as one batch, which holds what they held. */
function joined(parts: readonly Waiting[]): Batch {
  const batch = mergeBatches(parts.map((part) => part.batch))
  if (parts.length > 1) for (const part of parts) part.batch.memory?.release()
  return batch
}

/** What a batch takes in memory: its bytes, its arrays, its objects. */
function weightOf({ bytes, ends }: Batch): number {
  return bytes.length + 9 * ends.length + 1024
}
