import type { Batch, Transport } from './batch.ts'
import type { SourceLetter } from './dead-letter.ts'

/** Why a message is not in the queue or left it without an outcome. Metric label `reason`. */
export type DropReason =
  | 'queue_full' // the queue's limit was reached and the sender could not be held back (UDP, or drop_newest)
  | 'oldest' // made room under when_full: drop_oldest
  | 'disk_full' // less than min_free_disk was left
  | 'too_long' // exceeds max_message_size with when_too_long: reject
  | 'kernel' // the socket's receive buffer overflowed (UDP)
  | 'damaged' // the stored batch was damaged or is gone
  | 'stopping' // arrived while the relay was stopping

export interface Receipt {
  /** Resolves when the batch is written as the queue's durability demands. Never rejects: until the disk takes it, it waits. */
  readonly stored: Promise<void>
  /** Resolves when the batch is fsynced, whatever the durability setting: for whoever acknowledges to the outside. */
  durable(): Promise<void>
}

/** Progress of a polled source, written atomically with the batch it belongs to. */
export interface Checkpoint {
  readonly key: string
  readonly value: Uint8Array
}

export interface AppendOptions {
  /** Written with the batch or not at all. */
  readonly checkpoint?: Checkpoint
  /**
   * The source is stopping: these messages were read and cannot be given back to their senders. The queue's limit may be
   * exceeded by them, once.
   */
  readonly last?: boolean
}

/** What a source sees of its pipeline. */
export interface Intake {
  /**
   * Takes over the batch, whose arrays the caller must not touch again. `full`: nothing was taken, the caller keeps the
   * batch, waits for `room` and tries again.
   */
  append(batch: Batch, options?: AppendOptions): Receipt | 'full'
  /** Counts messages that were received but cannot be stored: `received` and `dropped(reason)` both grow. */
  drop(reason: DropReason, transport: Transport, messages: number): void
  checkpoint(key: string): Promise<Uint8Array | undefined>
  /**
   * Puts what cannot be read among the dead letters, with the checkpoint that passes it in the same write. Resolves when that is
   * fsynced. It counts as no message.
   */
  deadLetter(letter: SourceLetter, checkpoint?: Checkpoint): Promise<void>
  /** Resolves when `append` will take a batch again, or when the signal aborts (check it). */
  room(signal: AbortSignal): Promise<void>
}
