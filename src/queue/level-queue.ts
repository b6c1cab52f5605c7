import { countByTransport } from '../batch/messages.ts'
import type { Batch, StoredBatch, Transport } from '../core/batch.ts'
import type { DeadLetters, SourceLetter } from '../core/dead-letter.ts'
import { RelayError } from '../core/errors.ts'
import type { AppendOptions, Checkpoint, DropReason, Receipt } from '../core/intake.ts'
import type { Ledger } from '../core/ledger.ts'
import type { Logger } from '../core/logger.ts'
import type { Queue, QueueCondition, QueueReader, QueueStatus } from '../core/queue.ts'
import { Notifier } from '../retry/notifier.ts'
import { untilAbort } from '../retry/until-abort.ts'
import { browseBatches } from './browse-batches.ts'
import { ConditionBoard } from './condition-board.ts'
import { DiskWatch, freeDiskOf } from './disk-watch.ts'
import { checkpointKey } from './keys.ts'
import type { LevelQueueSettings } from './level-queue-settings.ts'
import type { LevelTools } from './leveldb.ts'
import { openQueue } from './open-queue.ts'
import type { RunningQueue } from './running-queue.ts'

export interface LevelQueueTools {
  readonly logger: Logger
  /** Free bytes where the queue lies; asked once a second. Default: statfs. */
  readonly freeDisk?: () => Promise<number>
  /** How LevelDB is opened and repaired; tests replace it. */
  readonly level?: LevelTools
}

const noCount: Ledger = { received: { udp: 0, tcp: 0, tls: 0 }, dropped: {}, sinks: {} }
const done = Promise.resolve()

/**
 * The queue of one pipeline in LevelDB: docs/queue-format.md says what lies on disk. This is the outside; what an open
 * queue is made of lies in open-queue.ts.
 *
 * Starting rejects with QUEUE_IN_USE, DISK_FULL or QUEUE_FAILED; damaged files are repaired or set aside instead. A sink
 * that is new to the queue begins at the head: it gets what is received from now on.
 */
export class LevelQueue implements Queue {
  readonly #settings: LevelQueueSettings
  readonly #logger: Logger
  readonly #board: ConditionBoard
  readonly #disk: DiskWatch
  readonly #level: LevelTools | undefined
  readonly #readers = new Map<string, QueueReader>()
  /** None while the queue is not open. */
  readonly deadLetters: DeadLetters = {
    held: () => this.#open?.letters.held() ?? [],
    read: (sink, fromSeq, signal) => this.#open?.letters.read(sink, fromSeq, signal) ?? nothing(),
    settle: async (sink, seqs, how) => (await this.#open?.letters.settle(sink, seqs, how)) ?? 0,
    refuse: async (sink, rejected) => (await this.#open?.letters.refuse(sink, rejected)) ?? 0,
  }
  #open: RunningQueue | undefined
  #starting: Promise<void> | undefined
  #stopping: Promise<void> | undefined
  /** The books as they were at the stop. */
  #last: { ledger: Ledger; status: QueueStatus } | undefined
  #ticker: NodeJS.Timeout | undefined
  #started = new Notifier()
  /** Stopped before it was open. */
  #abandoned = false
  /** Drops from before the start. */
  readonly #early: { reason: DropReason; transport: Transport; messages: number }[] = []

  constructor(settings: LevelQueueSettings, { logger, freeDisk, level }: LevelQueueTools) {
    this.#settings = settings
    this.#level = level
    this.#logger = logger
    this.#board = new ConditionBoard()
    this.#disk = new DiskWatch(freeDisk ?? freeDiskOf(settings.directory), settings.minFreeDisk, this.#board, this.#logger)
  }

  start(): Promise<void> {
    this.#starting ??= this.#start()
    return this.#starting
  }

  async #start(): Promise<void> {
    if (this.#stopping !== undefined) throw new RelayError('QUEUE_CLOSED', 'the queue was stopped')
    const open = await openQueue(this.#settings, this.#board, this.#logger, this.#level)
    if (this.#abandoned) {
      await open.stop(AbortSignal.abort())
      throw new RelayError('QUEUE_CLOSED', 'the queue was stopped while it was being opened')
    }
    this.#open = open
    this.#bookEarlyDrops(open)
    await this.#disk.look()
    this.#board.set('closed', false)
    this.#ticker = setInterval(() => {
      this.#disk.tick()
      open.tick()
    }, 1000)
    this.#ticker.unref()
    this.#started.notify()
  }

  stop(deadline: AbortSignal): Promise<void> {
    this.#stopping ??= this.#stop(deadline)
    return this.#stopping
  }

  async #stop(deadline: AbortSignal): Promise<void> {
    this.#board.set('closed', true)
    clearInterval(this.#ticker)
    // Whoever called start has its error; a repair of a large queue may outlast the deadline.
    if (this.#starting !== undefined) await untilAbort(this.#starting, deadline).catch(() => undefined)
    clearInterval(this.#ticker)
    this.#board.set('closed', true)
    this.#started.notify()
    const open = this.#open
    if (open === undefined) {
      this.#abandoned = true
      return
    }
    await open.stop(deadline)
    this.#last = { ledger: open.books.ledger(), status: open.status() }
    this.#open = undefined
  }

  append(batch: Batch, { checkpoint, last = false }: AppendOptions = {}): Receipt | 'full' {
    this.#disk.intakeActive()
    const open = this.#open
    if (open === undefined || !this.#board.works) return 'full'
    if (batch.ends.length === 0 && checkpoint === undefined) return { stored: done, durable: () => done }
    const room = open.intake.roomFor(batch)
    if (room === 'wait' && !last) return 'full'
    if (room === 'drop') return open.intake.dropNewest(countByTransport(batch), checkpoint)
    return open.intake.append(batch, checkpoint)
  }

  /** Counts at any time: before the start for the books to come, after the stop in the log, for then the books are closed. */
  drop(reason: DropReason, transport: Transport, messages: number): void {
    if (messages <= 0) return
    // A source only sees that nothing is taken; why that is stands on our board.
    const why = reason === 'queue_full' && this.#board.condition === 'disk_full' ? 'disk_full' : reason
    if (this.#open !== undefined) this.#open.intake.drop(why, transport, messages)
    else if (this.#stopping === undefined) this.#noteEarly(reason, transport, messages)
    else this.#logger.error({ reason, transport, messages }, 'messages dropped after the queue was stopped: no ledger counts them')
  }

  #noteEarly(reason: DropReason, transport: Transport, messages: number): void {
    const known = this.#early.find((drop) => drop.reason === reason && drop.transport === transport)
    if (known === undefined) this.#early.push({ reason, transport, messages })
    else known.messages += messages
  }

  #bookEarlyDrops(open: RunningQueue): void {
    for (const { reason, transport, messages } of this.#early.splice(0)) open.intake.drop(reason, transport, messages)
  }

  /** Does not resolve when the queue is closed before the letter is on disk, nor when it is not open. */
  async deadLetter(letter: SourceLetter, checkpoint?: Checkpoint): Promise<void> {
    if (this.#open === undefined)
      this.#logger.error({ code: letter.code }, `no queue takes the dead letter of the source: ${letter.reason}`)
    await (this.#open?.intake.deadLetter(letter, checkpoint) ?? new Promise<never>(() => undefined))
  }

  async checkpoint(key: string): Promise<Uint8Array | undefined> {
    return this.#open?.keeper.use((db) => db.get(checkpointKey(key), { fillCache: false }))
  }

  async room(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { changed } = this.#board
      const seen = changed.version
      if (this.#open?.intake.hasRoom) return
      this.#disk.intakeActive()
      await changed.wait(seen, signal)
    }
  }

  adopt(): void {
    this.#open?.letGo(this.#settings.sinks)
  }

  reader(sink: string): QueueReader {
    const known = this.#readers.get(sink)
    if (known !== undefined) return known
    const reader: QueueReader = {
      lease: async (maxBytes, signal) => {
        while (this.#open === undefined && this.#stopping === undefined && !signal.aborted)
          await this.#started.wait(this.#started.version, signal)
        return this.#open?.reader(sink).lease(maxBytes, signal)
      },
    }
    this.#readers.set(sink, reader)
    return reader
  }

  ledger(): Ledger {
    return this.#open?.books.ledger() ?? this.#last?.ledger ?? noCount
  }

  status(): QueueStatus {
    const status = this.#open?.status() ?? this.#last?.status
    if (status !== undefined) return { ...status, ...this.#board.status() }
    const maxBytes = this.#settings.config.max_size
    return { ...this.#board.status(), queueId: '', messages: 0, bytes: 0, maxBytes, nextSeq: 0, cursors: {}, deadLetters: {} }
  }

  onCondition(listener: (condition: QueueCondition) => void): () => void {
    return this.#board.listen(listener)
  }

  async *browse(fromSeq: number, signal: AbortSignal): AsyncGenerator<StoredBatch> {
    const open = this.#open
    if (open === undefined) return
    await open.settleMemory()
    const from = Math.max(fromSeq, open.books.oldestSeq)
    yield* browseBatches(
      (work) => open.keeper.use(work),
      open.books.queueId,
      { from, firstBatch: open.books.oldestBatch, head: open.books.readable },
      signal,
    )
  }
}

async function* nothing(): AsyncGenerator<never> {}
