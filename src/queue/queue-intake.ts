import type { Batch, Seq, Transport } from '../core/batch.ts'
import { type SourceLetter, sourceLetters } from '../core/dead-letter.ts'
import type { Checkpoint, DropReason, Receipt } from '../core/intake.ts'
import type { Notifier } from '../retry/notifier.ts'
import type { LetterBox } from './dead-letters/letter-box.ts'
import type { GroupCommit } from './group-commit.ts'
import type { IntakeLimits } from './intake-limits.ts'
import type { TransportCounts } from './intake-totals.ts'
import { checkpointKey } from './keys.ts'
import type { Op } from './leveldb.ts'
import type { LogSync } from './log-sync.ts'
import type { MemoryStage } from './memory-stage.ts'
import type { QueueBooks } from './queue-books.ts'

export interface IntakeParts {
  readonly books: QueueBooks
  readonly limits: IntakeLimits
  readonly commit: GroupCommit
  /** Only with `durability: assisted`. */
  readonly memory: MemoryStage | undefined
  readonly logSync: LogSync
  readonly letters: LetterBox
  /** Something may be read. */
  readonly changed: Notifier
  /** Every sink has read what lies before this number. */
  readTo(): Seq
}

/** The way into an open queue: whether there is room, through memory or to the disk, and what the giver is told. */
export class QueueIntake {
  readonly #parts: IntakeParts
  /** Resolves when the last batch that went to the disk is stored, and so all before it. */
  #stored: Promise<void> = Promise.resolve()

  constructor(parts: IntakeParts) {
    this.#parts = parts
  }

  roomFor(batch: Batch): 'take' | 'wait' | 'drop' {
    if (this.#nearMemory) return 'wait'
    return this.#parts.limits.roomFor(batch.bytes.length, this.#parts.commit.pendingBytes)
  }

  get hasRoom(): boolean {
    return !this.#nearMemory && this.#parts.limits.hasRoom(this.#parts.commit.pendingBytes)
  }

  append(batch: Batch, checkpoint: Checkpoint | undefined): Receipt {
    const { books, commit, memory, changed } = this.#parts
    if (batch.ends.length === 0) return this.#keepReceipt(checkpoint)
    const held = checkpoint === undefined ? memory?.take(batch, books.queueId) : undefined
    if (held === undefined) {
      void memory?.spill()
      this.#stored = commit.append(batch, checkpoint)
      return this.#receipt(this.#stored)
    }
    changed.notify()
    return this.#receipt(held)
  }

  /** The queue is full and the newest go: they were received, and that is all. */
  dropNewest(counts: TransportCounts, checkpoint: Checkpoint | undefined): Receipt {
    this.#parts.limits.droppingNewest()
    for (const [transport, messages] of Object.entries(counts)) this.drop('queue_full', transport as Transport, messages)
    return checkpoint === undefined ? this.#receipt(Promise.resolve()) : this.#keepReceipt(checkpoint)
  }

  drop(reason: DropReason, transport: Transport, messages: number): void {
    this.#parts.books.drop(reason, transport, messages)
  }

  /** `assisted`: the sinks have read all that is stored, so once the last write is done messages need not go to the disk any more. */
  get #nearMemory(): boolean {
    const { books, commit, memory, readTo } = this.#parts
    return memory?.empty === true && !commit.quiet && readTo() >= books.readable.nextSeq
  }

  /** A letter of the source with the checkpoint that passes it, fsynced; never resolves when the queue is closed before. */
  async deadLetter(letter: SourceLetter, checkpoint: Checkpoint | undefined): Promise<void> {
    const { letters } = this.#parts
    await this.#allStored()
    const kept = this.#keep([...letters.addSourceLetter(letter), ...checkpointOps(checkpoint)])
    letters.tidy(sourceLetters, kept)
    await this.#synced(kept)
  }

  /** For a checkpoint without a batch. */
  #keepReceipt(checkpoint: Checkpoint | undefined): Receipt {
    const kept = this.#allStored().then(() => this.#keep(checkpointOps(checkpoint)))
    return { stored: kept, durable: () => this.#synced(kept) }
  }

  /** Never resolves when the queue is closed before. */
  async #keep(ops: readonly Op[]): Promise<void> {
    if (!(await this.#parts.commit.note(undefined, ops))) await new Promise<never>(() => undefined)
  }

  /** A checkpoint without a batch must not be on disk before the messages that it passes. */
  async #allStored(): Promise<void> {
    await this.#parts.memory?.spill()
    await this.#stored
  }

  /** A write without a batch is not fsynced, whatever the durability. */
  async #synced(written: Promise<void>): Promise<void> {
    await written
    if (!(await this.#parts.logSync.sync())) await new Promise<never>(() => undefined)
  }

  #receipt(stored: Promise<void>): Receipt {
    return { stored, durable: () => this.#durable(stored) }
  }

  async #durable(stored: Promise<void>): Promise<void> {
    const { memory } = this.#parts
    await memory?.spill()
    await stored
    if (memory !== undefined) await this.#synced(stored)
  }
}

function checkpointOps(checkpoint: Checkpoint | undefined): Op[] {
  return checkpoint === undefined ? [] : [{ type: 'put', key: checkpointKey(checkpoint.key), value: Buffer.from(checkpoint.value) }]
}
