import type { SeqRange, StoredBatch } from './batch.ts'
import type { Component } from './component.ts'
import type { DeadLetters, Rejected } from './dead-letter.ts'
import type { Intake } from './intake.ts'
import type { Ledger } from './ledger.ts'

/**
 * Messages handed out for sending. Every lease ends in `release`; what was not settled by then is handed out again.
 */
export interface Lease {
  /** Only until `forget` or `release`: its memory is used again after that. */
  readonly batch: StoredBatch
  /**
   * These messages are done, in any order; the cursor is the lowest gap. Dead letters, ledger and cursor are one write.
   * Resolves when that write is handed to the disk; it never rejects (a store that fails is reopened and written again).
   */
  settle(delivered: readonly SeqRange[], rejected: readonly Rejected[]): Promise<void>
  /**
   * The messages are sent and their fate is open: they stay leased, their bytes are let go of. What is not settled by
   * `release` is read from the queue again, and so is what is settled as rejected, for its dead letter.
   */
  forget(): void
  release(): void
}

export interface QueueReader {
  /** The next messages nobody has leased, about `maxBytes` of them; waits for some. Undefined when the signal aborts. */
  lease(maxBytes: number, signal: AbortSignal): Promise<Lease | undefined>
}

/** `open` takes messages; every other state does not, and says why. */
export type QueueCondition = 'open' | 'full' | 'disk_full' | 'failed' | 'closed'

/** A queue's figures, cheap enough for every scrape. */
export interface QueueStatus {
  readonly condition: QueueCondition
  /** Why it is not open, in words, or what was repaired at the last start. */
  readonly detail?: string
  readonly queueId: string
  /** Waiting for the slowest sink. */
  readonly messages: number
  /** Bytes of stored (compressed) batches that the slowest sink has not passed. Counts against max_size. */
  readonly bytes: number
  readonly maxBytes: number
  /** The next message to be stored gets this number. */
  readonly nextSeq: number
  /** Receive time of the oldest waiting message, milliseconds since the epoch; known once it was read or written in this life. */
  readonly oldestAtMs?: number
  /** First number that each sink has not settled. */
  readonly cursors: Readonly<Record<string, number>>
  /** Dead letters held per sink, and under `@source` those of the source where there are any. */
  readonly deadLetters: Readonly<Record<string, number>>
}

export interface Queue extends Component, Intake {
  /**
   * The pipeline works with this configuration: what waited for sinks that it no longer names is let go. Until then it is
   * kept, so that a configuration which cannot be used costs nothing.
   */
  adopt(): void
  /** One per configured sink; asking twice gives the same reader. */
  reader(sink: string): QueueReader
  readonly deadLetters: DeadLetters
  ledger(): Ledger
  status(): QueueStatus
  /** Calls the listener at each change of `status().condition`; returns the function that ends it. */
  onCondition(listener: (condition: QueueCondition) => void): () => void
  /** Waiting batches from `fromSeq` on, for people to look at: moves no cursor, takes no lease. */
  browse(fromSeq: number, signal: AbortSignal): AsyncIterable<StoredBatch>
}
