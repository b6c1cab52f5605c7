import type { Batch, Seq, StoredBatch, Transport } from '../core/batch.ts'
import type { Checkpoint, DropReason, Receipt } from '../core/intake.ts'
import type { Ledger } from '../core/ledger.ts'
import type { Logger } from '../core/logger.ts'
import type { QueueStatus, Rejected } from '../core/queue.ts'
import type { ConditionBoard } from './condition-board.ts'
import type { DeadLetters } from './dead-letters.ts'
import { Disposal, type Passed } from './disposal.ts'
import { type Committed, GroupCommit } from './group-commit.ts'
import { countDrop, IntakeBooks } from './intake-books.ts'
import type { TransportCounts } from './intake-totals.ts'
import { checkpointKey } from './keys.ts'
import type { LevelQueueSettings } from './level-queue.ts'
import type { LevelDb, Op } from './leveldb.ts'
import { type LoadedState, stateOps } from './load-state.ts'
import { LogSync } from './log-sync.ts'
import { Notifier } from './notifier.ts'
import { type Fetched, RecentBatches } from './recent-batches.ts'
import type { SinkCursor } from './sink-cursor.ts'
import { type ReaderSource, SinkReader } from './sink-reader.ts'
import type { StoreKeeper } from './store-keeper.ts'
import { readBatches } from './stored-batches.ts'
import { type Head, writeWatermark } from './watermark.ts'

const recentBytes = 16 * 2 ** 20
const maxPendingBytes = 16 * 2 ** 20
/** A full queue opens again at this part of its limit. */
const reopenAt = 0.9
/** drop_oldest makes room down to this part, so that it does not run for each batch. */
const dropTo = 0.95

export interface QueueParts {
  readonly settings: LevelQueueSettings
  readonly board: ConditionBoard
  readonly logger: Logger
  readonly keeper: StoreKeeper
  readonly state: LoadedState
  readonly cursors: readonly SinkCursor[]
  readonly letters: ReadonlyMap<string, DeadLetters>
}

/** A queue whose store is open: its writer, its readers and its books. */
export class RunningQueue implements ReaderSource {
  readonly changed = new Notifier()
  readonly queueId: string
  readonly keeper: StoreKeeper
  readonly #parts: QueueParts
  readonly #books: IntakeBooks
  readonly #commit: GroupCommit
  readonly #recent = new RecentBatches(recentBytes)
  readonly #disposal: Disposal
  readonly #logSync: LogSync
  readonly #readers: ReadonlyMap<string, SinkReader>
  readonly #pendingLimit: number
  #readable: Head
  #newest: Seq
  /** The end of a chain: one write at a time. */
  #turn: Promise<unknown> = Promise.resolve()
  #closed = false
  #dropping = false
  #trimming = false
  #watermark: Promise<void> | undefined
  #marked = ''

  constructor(parts: QueueParts) {
    const { settings, keeper, state, cursors } = parts
    this.#parts = parts
    this.keeper = keeper
    this.queueId = state.queueId
    this.#books = new IntakeBooks(state.head)
    this.#readable = state.head
    this.#newest = state.newest
    const sync = settings.config.durability === 'always'
    this.#commit = new GroupCommit(
      {
        queueId: state.queueId,
        sync,
        write: (ops, synced) => this.#inTurn(() => keeper.write(ops, synced)),
        committed: (records) => this.#committed(records),
      },
      this.#books,
    )
    this.#logSync = new LogSync(() => keeper.syncLogs())
    this.#readers = new Map(cursors.map((cursor) => [cursor.sink, new SinkReader(cursor, this)]))
    this.#disposal = new Disposal(this, settings.config.max_size, this.#passed())
    this.#pendingLimit = Math.min(maxPendingBytes, Math.max(256 * 1024, settings.config.max_size / 16))
    this.#weigh()
  }

  get closed(): boolean {
    return this.#closed
  }

  get readableEnd(): Seq {
    return this.#readable.nextSeq
  }

  get readableHead(): Head {
    return this.#readable
  }

  get oldestSeq(): Seq {
    return Math.min(this.#books.nextSeq, ...this.#parts.cursors.map((cursor) => cursor.seq))
  }

  get oldestBatch(): Seq {
    return Math.min(this.#readable.nextSeq, ...this.#parts.cursors.map((cursor) => cursor.batch))
  }

  /** Stored bytes that wait for the slowest sink. */
  get bytes(): number {
    return Math.max(0, ...this.#parts.cursors.map((cursor) => cursor.waitingBytes(this.#readable.position)))
  }

  reader(sink: string): SinkReader {
    const reader = this.#readers.get(sink)
    if (reader === undefined) throw new TypeError(`the queue has no sink ${sink}`)
    return reader
  }

  use<T>(work: (db: LevelDb) => Promise<T>): Promise<T | undefined> {
    return this.keeper.use(work)
  }

  exclusive<T>(work: (db: LevelDb) => Promise<T>): Promise<T | undefined> {
    return this.#inTurn(() => this.keeper.use(work))
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work)
    this.#turn = result.catch(() => undefined)
    return result
  }

  // The intake

  /** Whether a batch may be appended now, has to wait, or is to be dropped. */
  roomFor(batch: Batch): 'take' | 'wait' | 'drop' {
    const { max_size, when_full } = this.#parts.settings.config
    const pending = this.#commit.pendingBytes
    if (when_full === 'drop_newest' && this.bytes >= max_size) return 'drop'
    if (pending > 0 && pending + batch.bytes.length > this.#pendingLimit) return 'wait'
    if (when_full === 'block' && (this.#parts.board.has('full') || this.bytes + pending >= max_size)) return 'wait'
    // drop_oldest: a little more than the limit is taken while room is being made.
    if (when_full === 'drop_oldest' && this.bytes + pending >= max_size + this.#pendingLimit) return 'wait'
    return 'take'
  }

  /** Whether a batch of any size would be taken. */
  get hasRoom(): boolean {
    const { max_size, when_full } = this.#parts.settings.config
    const pending = this.#commit.pendingBytes
    if (this.#parts.board.condition !== 'open' || pending > this.#pendingLimit / 2) return false
    return when_full === 'block'
      ? this.bytes + pending < max_size
      : when_full === 'drop_newest' || this.bytes + pending < max_size + this.#pendingLimit
  }

  append(batch: Batch, checkpoint: Checkpoint | undefined): Receipt {
    const stored =
      batch.ends.length === 0 ? this.#commit.note(undefined, checkpointOps(checkpoint)) : this.#commit.append(batch, checkpoint)
    return { stored, durable: () => this.#durable(stored) }
  }

  async #durable(stored: Promise<void>): Promise<void> {
    await stored
    if (this.#parts.settings.config.durability === 'assisted') await this.#logSync.sync()
  }

  /** The queue is full and the newest go: they were received, and that is all. */
  dropNewest(counts: TransportCounts, checkpoint: Checkpoint | undefined): Receipt {
    if (!this.#dropping) this.#parts.logger.error({}, 'the queue is full: what arrives is dropped and counted')
    this.#dropping = true
    for (const [transport, messages] of Object.entries(counts)) this.drop('queue_full', transport as Transport, messages)
    const stored = checkpoint === undefined ? Promise.resolve() : this.#commit.note(undefined, checkpointOps(checkpoint))
    return { stored, durable: () => this.#durable(stored) }
  }

  drop(reason: DropReason, transport: Transport, messages: number): void {
    this.#books.drop(reason, transport, messages)
    this.#readable = { ...this.#readable, intake: countDrop(this.#readable.intake, reason, transport, messages) }
  }

  #committed(records: readonly Committed[]): void {
    for (const { extent, batch } of records) {
      this.#recent.add(extent, batch)
      this.#newest = extent.first
    }
    this.#readable = this.#books.stored
    this.#logSync.written()
    this.#weigh()
    this.changed.notify()
  }

  /** Compares what waits with the limit. */
  #weigh(): void {
    const { board, settings, logger } = this.#parts
    const { max_size, when_full } = settings.config
    const { bytes } = this
    if (when_full === 'block') {
      if (bytes >= max_size) board.set('full', true, `${bytes} of ${max_size} bytes wait for the slowest sink`)
      else if (bytes <= max_size * reopenAt) board.set('full', false)
    }
    if (when_full === 'drop_oldest' && bytes >= max_size) void this.#trim()
    if (this.#dropping && bytes <= max_size * reopenAt) {
      this.#dropping = false
      logger.info({ dropped: this.#books.live.dropped.queue_full }, 'the queue has room again: nothing is dropped any more')
    }
    board.changed.notify()
  }

  /** Makes room by dropping the oldest batches of every sink that is too far behind. */
  async #trim(): Promise<void> {
    if (this.#trimming) return
    this.#trimming = true
    const limit = this.#parts.settings.config.max_size * dropTo
    for (const reader of this.#readers.values()) {
      let dropped = 0
      while (!this.#closed && reader.cursor.waitingBytes(this.#readable.position) > limit) {
        const messages = await reader.dropOldest()
        if (messages === undefined) break
        dropped += messages
      }
      if (dropped === 0) continue
      const { sink } = reader.cursor
      this.#parts.logger.error({ sink, messages: dropped }, 'the queue is full: its oldest messages were dropped')
      await this.#moved(reader.cursor, [])
      if (this.#readers.size === 1)
        for (const { first, end } of reader.cursor.record.deleted) await this.#disposal.remove(first, Math.min(end, this.#newest))
    }
    this.#trimming = false
  }

  // The readers

  async fetch(from: Seq, maxBytes: number): Promise<Fetched[] | undefined> {
    const recent = this.#recent.from(from, maxBytes)
    if (recent.length > 0) return recent
    // Stored bytes are fewer than those they stand for: a quarter is about what a line of logs compresses to.
    return this.keeper.use((db) => readBatches(db, this.queueId, from, this.#readable, Math.max(64 * 1024, maxBytes / 4)))
  }

  async settled(cursor: SinkCursor, batch: StoredBatch, rejected: readonly Rejected[]): Promise<void> {
    const letters = this.#parts.letters.get(cursor.sink)
    const ops = letters === undefined ? [] : rejected.flatMap(({ seqs, error }) => letters.add(batch, [seqs], error))
    await this.#moved(cursor, ops)
    if (letters?.full === true) await this.#evict(letters, cursor.sink)
  }

  async #evict(letters: DeadLetters, sink: string): Promise<void> {
    const before = letters.evicted
    const ops = await this.keeper.use((db) => letters.evict(db))
    if (ops === undefined || letters.evicted === before) return
    this.#parts.logger.warn({ sink, messages: letters.evicted - before }, 'too many dead letters: the oldest were deleted')
    await this.#commit.note(undefined, ops)
  }

  async damaged(cursor: SinkCursor, messages: number): Promise<void> {
    this.#parts.logger.error(
      { code: 'QUEUE_DAMAGED', sink: cursor.sink, messages },
      'stored messages are damaged or gone; they are counted as dropped',
    )
    this.#parts.board.repaired(`${messages} messages for ${cursor.sink} were found damaged or gone`)
    await this.#moved(cursor, [])
  }

  /** A cursor moved: write it, and let go of what nobody needs. */
  async #moved(cursor: SinkCursor, ops: readonly Op[]): Promise<void> {
    const passed = this.#passed() // now: by the end of the write the cursors in memory are ahead of those on disk
    this.#recent.forget(passed.seq)
    this.#weigh()
    await this.#commit.note(cursor, ops)
    this.#disposal.consider(passed)
  }

  #passed(): Passed {
    const { cursors } = this.#parts
    const position = Math.min(this.#readable.position, ...cursors.map((cursor) => cursor.record.position))
    const drained = cursors.every((cursor) => cursor.seq === this.#readable.nextSeq)
    return { seq: Math.min(this.oldestBatch, this.#newest), position, drained }
  }

  // Books

  ledger(): Ledger {
    const { live, nextSeq } = this.#books
    const sinks = this.#parts.cursors.map((cursor) => [cursor.sink, cursor.ledger(nextSeq, live.dropped)] as const)
    return { received: live.received, dropped: live.dropped, sinks: Object.fromEntries(sinks) }
  }

  status(): QueueStatus {
    const { board, settings, cursors, letters } = this.#parts
    const slowest = cursors.toSorted((a, b) => a.seq - b.seq)[0]
    const { nextSeq } = this.#books
    const oldestAtMs = slowest?.oldestAtMs ?? this.#recent.from(slowest?.batch ?? nextSeq, 0)[0]?.extent.timeMs
    return {
      ...board.status(),
      queueId: this.queueId,
      messages: nextSeq - this.oldestSeq,
      bytes: this.bytes,
      maxBytes: settings.config.max_size,
      nextSeq,
      ...(oldestAtMs === undefined ? {} : { oldestAtMs }),
      cursors: Object.fromEntries(cursors.map((cursor) => [cursor.sink, cursor.seq])),
      deadLetters: Object.fromEntries([...letters].map(([sink, held]) => [sink, held.count])),
    }
  }

  /** All records apart from batches, as they are now. */
  stateOps(): Op[] {
    const { stored } = this.#books
    const cursors = new Map(this.#parts.cursors.map((cursor) => [cursor.sink, cursor.record]))
    return stateOps({ queueId: this.queueId, head: stored, cursors })
  }

  /** Once a second: what no write has carried yet, the fsync of `assisted`, the watermark. */
  tick(): void {
    if (this.#books.dirty) void this.#commit.note(undefined, [])
    if (this.#parts.settings.config.durability === 'assisted') void this.#logSync.syncIfWritten()
    void this.writeWatermark()
  }

  /** One at a time; nothing is written when nothing changed. */
  writeWatermark(): Promise<void> {
    this.#watermark ??= this.#replaceWatermark().finally(() => {
      this.#watermark = undefined
    })
    return this.#watermark
  }

  async #replaceWatermark(): Promise<void> {
    const cursors = Object.fromEntries(this.#parts.cursors.map((cursor) => [cursor.sink, cursor.record]))
    // Readable: what is only on its way to the disk must not count as lost after a kill.
    const watermark = { queueId: this.queueId, head: this.#readable, cursors }
    const text = JSON.stringify(watermark)
    if (text === this.#marked) return
    try {
      await writeWatermark(this.#parts.settings.directory, watermark)
      this.#marked = text
    } catch (error) {
      this.#parts.logger.warn({ err: error }, 'the watermark of the queue cannot be written')
    }
  }

  /** Writes what was taken, then the watermark, and closes; at the deadline it lets go. */
  async stop(deadline: AbortSignal): Promise<void> {
    this.#closed = true
    this.changed.notify()
    const late = new Promise<void>((resolve) => {
      if (deadline.aborted) resolve()
      deadline.addEventListener('abort', () => resolve(), { once: true })
    })
    await Promise.race([this.#finish(), late])
    const left = this.#books.nextSeq - this.#readable.nextSeq
    if (left > 0) this.#parts.logger.error({ code: 'QUEUE_FAILED', messages: left }, 'stopped before all that was received could be stored')
    await this.#watermark
    await this.writeWatermark()
    await Promise.race([this.keeper.close(), late])
  }

  async #finish(): Promise<void> {
    await this.#commit.idle()
    await this.#commit.note(undefined, this.stateOps())
    await this.#logSync.sync()
    await this.#disposal.idle()
  }
}

function checkpointOps(checkpoint: Checkpoint | undefined): Op[] {
  return checkpoint === undefined ? [] : [{ type: 'put', key: checkpointKey(checkpoint.key), value: Buffer.from(checkpoint.value) }]
}
