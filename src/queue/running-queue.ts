import type { Seq, StoredBatch } from '../core/batch.ts'
import type { Rejected } from '../core/dead-letter.ts'
import type { Logger } from '../core/logger.ts'
import type { QueueStatus } from '../core/queue.ts'
import { Notifier } from '../retry/notifier.ts'
import { untilAbort } from '../retry/until-abort.ts'
import type { ConditionBoard } from './condition-board.ts'
import { LetterBox } from './dead-letters/letter-box.ts'
import type { SinkLetters } from './dead-letters/sink-letters.ts'
import { Disposal, type Passed } from './disposal.ts'
import { type Committed, GroupCommit } from './group-commit.ts'
import { IntakeLimits } from './intake-limits.ts'
import { cursorKey } from './keys.ts'
import type { LevelQueueSettings } from './level-queue-settings.ts'
import type { Op } from './leveldb.ts'
import { LogSync } from './log-sync.ts'
import { MemoryStage } from './memory-stage.ts'
import type { QueueBooks } from './queue-books.ts'
import { QueueIntake } from './queue-intake.ts'
import { queueStatus } from './queue-status.ts'
import { type Fetched, RecentBatches } from './recent-batches.ts'
import { segmentBytes } from './segments/segmented-store.ts'
import type { SinkCursor } from './sink-cursor.ts'
import { SinkOutcomes } from './sink-outcomes.ts'
import { type ReaderSource, SinkReader } from './sink-reader.ts'
import type { StoreKeeper } from './store-keeper.ts'
import { readBatches } from './stored-batches.ts'
import { Trimming } from './trimming.ts'
import type { Watermark } from './watermark.ts'
import { WatermarkWriter } from './watermark-writer.ts'

export interface QueueParts {
  readonly settings: LevelQueueSettings
  readonly board: ConditionBoard
  readonly logger: Logger
  readonly keeper: StoreKeeper
  readonly books: QueueBooks
  readonly letters: ReadonlyMap<string, SinkLetters>
}

/** A queue whose store is open: where its writer, its readers, its limits and its books meet. */
export class RunningQueue implements ReaderSource {
  readonly changed = new Notifier()
  readonly keeper: StoreKeeper
  readonly books: QueueBooks
  readonly intake: QueueIntake
  readonly letters: LetterBox
  readonly #parts: QueueParts
  readonly #limits: IntakeLimits
  readonly #commit: GroupCommit
  readonly #recent = new RecentBatches()
  /** Only with `durability: assisted`. */
  readonly #memory: MemoryStage | undefined
  readonly #disposal: Disposal
  readonly #logSync: LogSync
  readonly #readers: Map<string, SinkReader>
  readonly #outcomes: SinkOutcomes
  readonly #trimming: Trimming | undefined
  readonly #watermark: WatermarkWriter
  #noting = false
  /** Passed by cursors that the next note carries. */
  #passed: Passed | undefined
  #closed = false

  constructor(parts: QueueParts) {
    const { settings, keeper, books, board, logger, letters } = parts
    const { config, directory } = settings
    this.#parts = parts
    this.keeper = keeper
    this.books = books
    this.#limits = new IntakeLimits(config, books, board, logger)
    const target = {
      queueId: books.queueId,
      sync: config.durability === 'always',
      write: (ops: Op[], sync: boolean) => keeper.write(ops, sync),
      committed: (records: readonly Committed[]) => this.#committed(records),
    }
    this.#commit = new GroupCommit(target, books.intake)
    if (!target.sync) {
      this.#memory = new MemoryStage({
        maxBytes: config.max_memory,
        books,
        quiet: () => this.#commit.quiet,
        readTo: () => this.#readTo,
        write: (held) => this.#commit.write(held),
      })
    }
    this.#logSync = new LogSync(() => keeper.syncLogs())
    this.letters = new LetterBox({
      keeper,
      logger,
      queueId: books.queueId,
      letters,
      cursor: (sink) => books.cursors.find((cursor) => cursor.sink === sink),
      write: (ops) => this.#commit.note(undefined, ops),
    })
    this.intake = new QueueIntake({
      books,
      limits: this.#limits,
      commit: this.#commit,
      memory: this.#memory,
      logSync: this.#logSync,
      letters: this.letters,
      changed: this.changed,
      readTo: () => this.#readTo,
    })
    this.#readers = new Map(books.cursors.map((cursor) => [cursor.sink, new SinkReader(cursor, this)]))
    this.#disposal = new Disposal(keeper, segmentBytes(config.max_size), books.passed(), logger)
    const moved = (cursor: SinkCursor, ops: readonly Op[]) => this.#moved(cursor, ops)
    this.#outcomes = new SinkOutcomes({ board, logger, letters: this.letters, moved })
    if (config.when_full === 'drop_oldest') {
      this.#trimming = new Trimming({
        maxBytes: config.max_size,
        books,
        readers: () => this.#readers.values(),
        logger,
        moved: (cursor) => this.#moved(cursor, []),
        remove: (ranges) => this.#disposal.remove(ranges),
      })
    }
    this.#watermark = new WatermarkWriter(directory, () => this.#currentWatermark(), logger)
    this.#weigh()
  }

  get closed(): boolean {
    return this.#closed
  }

  get readableEnd(): Seq {
    return this.books.readable.nextSeq
  }

  reader(sink: string): SinkReader {
    const reader = this.#readers.get(sink)
    if (reader === undefined) throw new TypeError(`the queue has no sink ${sink}`)
    return reader
  }

  /** What waited for other sinks than these is let go. */
  letGo(sinks: readonly string[]): void {
    for (const { sink, seq } of this.books.keepOnly(sinks)) {
      const messages = this.readableEnd - seq
      this.#readers.delete(sink)
      const fields = { sink, messages }
      if (messages > 0)
        this.#parts.logger.error(fields, `sink ${sink} is not configured any more: ${messages} messages that waited for it are let go`)
      else this.#parts.logger.info(fields, `sink ${sink} is not configured any more; nothing waited for it`)
      void this.#forget(sink)
    }
  }

  async #forget(sink: string): Promise<void> {
    const passed = this.books.passed()
    this.#weigh()
    const ops: Op[] = [{ type: 'del', key: cursorKey(sink) }, ...this.books.stateOps()]
    if (await this.#commit.note(undefined, ops)) this.#disposal.consider(passed)
  }

  // The writer's side

  /** Every sink has read what lies before this number. */
  get #readTo(): Seq {
    return Math.min(...[...this.#readers.values()].map((reader) => reader.next))
  }

  #committed(records: readonly Committed[]): void {
    const newest = records.at(-1)
    if (newest === undefined) return
    this.books.committed(newest.extent.first)
    const reached = Math.max(...[...this.#readers.values()].map((reader) => reader.position))
    for (const { extent, batch } of records) this.#recent.add(extent, batch, reached)
    this.#logSync.written()
    this.#weigh()
    this.changed.notify()
  }

  #weigh(): void {
    this.#limits.weigh()
    this.#trimming?.consider()
  }

  // The readers

  async fetch(from: Seq, maxBytes: number): Promise<Fetched[] | undefined> {
    this.#recent.forget(this.#readTo)
    const held = this.#memory?.from(from, maxBytes) ?? []
    const recent = held.length > 0 ? held : this.#recent.from(from, maxBytes)
    if (recent.length > 0) return recent
    return this.keeper.use((db) => readBatches(db, this.books.queueId, from, this.books.readable, maxBytes))
  }

  async settled(cursor: SinkCursor, batch: StoredBatch, rejected: readonly Rejected[]): Promise<void> {
    await this.#outcomes.settled(cursor, batch, rejected)
  }

  damaged(cursor: SinkCursor, messages: number): void {
    this.#outcomes.damaged(cursor, messages)
  }

  /** A cursor moved: write it, and let go of what nobody needs. */
  async #moved(cursor: SinkCursor, ops: readonly Op[]): Promise<void> {
    const passed = this.books.passed() // now: by the end of the write the cursors in memory are ahead of those on disk
    this.#weigh()
    this.#memory?.forget(this.books.oldestBatch)
    if (this.#memory !== undefined && ops.length === 0 && this.books.bytes === 0) {
      // Nothing waits on disk, so nothing there can be let go: once a second is often enough.
      this.#commit.later(cursor)
      this.#passed = passed
      return
    }
    if (await this.#commit.note(cursor, ops)) this.#disposal.consider(passed)
  }

  // Its life

  status(): QueueStatus {
    const { board, settings } = this.#parts
    return queueStatus({ books: this.books, board, maxBytes: settings.config.max_size, letters: this.letters, recent: this.#recent })
  }

  /** The store was closed and opened again: what has to be written before anything else. */
  reopened(): Op[] {
    this.#disposal.restart()
    return this.books.sureOps()
  }

  /** Once a second: what no write has carried yet, the fsync of `assisted`, the watermark. */
  tick(): void {
    this.#memory?.tick()
    if (this.books.intake.dirty || this.#passed !== undefined) void this.#note()
    if (this.#memory !== undefined) void this.#logSync.syncIfWritten()
    void this.#watermark.write()
  }

  /** One at a time: a store under repair for hours must not gather one for each second. */
  async #note(): Promise<void> {
    if (this.#noting) return // its write may have begun without what came since: that is for the next
    const passed = this.#passed
    this.#passed = undefined
    this.#noting = true
    const written = await this.#commit.note(undefined, [])
    this.#noting = false
    if (written && passed !== undefined) this.#disposal.consider(passed)
  }

  /** Everything that may be read is in the store, for whoever reads only there. */
  async settleMemory(): Promise<void> {
    await this.#memory?.spill()
  }

  /** While it runs `assisted` gives numbers that no disk knows: a start that finds this takes a new name for the queue. */
  #currentWatermark(): Watermark {
    const ahead = this.#memory !== undefined && !(this.#closed && this.#memory.empty)
    return { ...this.books.watermark(), ...(ahead ? { ahead } : {}) }
  }

  writeWatermark(): Promise<void> {
    return this.#watermark.write()
  }

  /** Writes what was taken, then the watermark, and closes; at the deadline it lets go, and counts what it could not store. */
  async stop(deadline: AbortSignal): Promise<void> {
    this.#closed = true
    this.changed.notify()
    await untilAbort(this.#finish(), deadline)
    await untilAbort(this.keeper.close(), deadline)
    this.#commit.close()
    const left = this.#commit.unstored()
    const messages = this.books.intake.nextSeq - this.readableEnd + (this.#memory?.messages ?? 0)
    if (messages > 0) {
      const what = 'stopped before all that was received could be stored: the rest is counted as dropped'
      this.#parts.logger.error({ code: 'QUEUE_FAILED', messages }, what)
    }
    this.books.abandon(left, this.#memory?.first)
    await this.#watermark.writeLast()
  }

  async #finish(): Promise<void> {
    await this.#memory?.spill()
    await this.#trimming?.stop()
    await this.#commit.idle()
    await this.letters.idle()
    await this.#commit.note(undefined, this.books.stateOps())
    await this.#logSync.sync()
    await this.#disposal.idle()
  }
}
