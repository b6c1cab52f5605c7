import type { IntakeTotals } from '../batch/batch-codec.ts'
import type { Seq, Transport } from '../core/batch.ts'
import type { DropReason } from '../core/intake.ts'
import type { Ledger } from '../core/ledger.ts'
import type { Passed } from './disposal.ts'
import { countDrop, IntakeBooks } from './intake-books.ts'
import type { TransportCounts } from './intake-totals.ts'
import type { Op } from './leveldb.ts'
import { type LoadedState, stateOps } from './load-state.ts'
import type { SinkCursor } from './sink-cursor.ts'
import type { Head, Watermark } from './watermark.ts'

/** How far a queue has come: what was taken, what is stored, and where each sink stands. */
export class QueueBooks {
  readonly queueId: string
  readonly intake: IntakeBooks
  #cursors: readonly SinkCursor[]
  #readable: Head
  #newest: Seq

  constructor({ queueId, head, newest }: LoadedState, cursors: readonly SinkCursor[]) {
    this.queueId = queueId
    this.intake = new IntakeBooks(head)
    this.#cursors = cursors
    this.#readable = head
    this.#newest = newest
  }

  /** Of the configured sinks, and of those that were not let go yet. */
  get cursors(): readonly SinkCursor[] {
    return this.#cursors
  }

  /** Where the stored batches end: what is only on its way to the disk lies behind it. */
  get readable(): Head {
    return this.#readable
  }

  /** First number of the newest batch: it stays in the store, because it carries the totals. */
  get newest(): Seq {
    return this.#newest
  }

  get oldestSeq(): Seq {
    return Math.min(this.#readable.nextSeq, ...this.cursors.map((cursor) => cursor.seq))
  }

  get oldestBatch(): Seq {
    return Math.min(this.#readable.nextSeq, ...this.cursors.map((cursor) => cursor.batch))
  }

  /** Stored bytes that wait for the slowest sink. */
  get bytes(): number {
    const { nextSeq, position } = this.#readable
    // A sink that is done with everything waits for nothing, even where it was done with a batch before that was written.
    const waiting = this.cursors.filter((cursor) => cursor.seq < nextSeq)
    return Math.max(0, ...waiting.map((cursor) => cursor.waitingBytes(position)))
  }

  /** A batch is kept in memory and may be read. */
  takeIntoMemory(nextSeq: Seq, intake: IntakeTotals): void {
    this.intake.sealInMemory(nextSeq, intake)
    this.#readable = this.intake.stored
  }

  /** A write is done; `newest` is the last batch in it. */
  committed(newest: Seq): void {
    this.#readable = this.intake.stored
    this.#newest = newest
  }

  drop(reason: DropReason, transport: Transport, messages: number): void {
    this.intake.drop(reason, transport, messages)
    this.#readable = { ...this.#readable, intake: countDrop(this.#readable.intake, reason, transport, messages) }
  }

  /** The queue is closed: what was taken and could not be stored was dropped. `held`: the first that was only in memory. */
  abandon(counts: TransportCounts, held: Seq | undefined): void {
    if (held !== undefined) {
      // Received it was, and some sinks may have it: each drops what it had not settled.
      for (const cursor of this.cursors) cursor.settle([held, this.#readable.nextSeq - 1], 'stopping')
      this.intake.hold(undefined)
    }
    let { intake } = this.#readable
    for (const [transport, messages] of Object.entries(counts)) intake = countDrop(intake, 'stopping', transport as Transport, messages)
    this.#readable = { ...this.#readable, intake }
    this.intake.reset(this.#readable)
  }

  /** Up to where every sink is done with the batches. */
  passed(): Passed {
    const position = Math.min(this.#readable.position, ...this.cursors.map((cursor) => cursor.record.position))
    return { seq: Math.min(this.oldestBatch, this.#newest), position }
  }

  /** Forgets the cursors of all other sinks; returns them. */
  keepOnly(sinks: readonly string[]): SinkCursor[] {
    const left = this.#cursors.filter(({ sink }) => !sinks.includes(sink))
    this.#cursors = this.#cursors.filter(({ sink }) => sinks.includes(sink))
    return left
  }

  /** As it is on disk: a message counts as received when it is stored, so that no kill takes back what was told. */
  ledger(): Ledger {
    const { nextSeq, intake } = this.#readable
    const sinks = this.cursors.map((cursor) => [cursor.sink, cursor.ledger(nextSeq, intake.dropped)] as const)
    return { received: intake.received, dropped: intake.dropped, sinks: Object.fromEntries(sinks) }
  }

  /** All records apart from batches, as they are on disk: batches of a write that failed are not counted as stored. */
  stateOps(): Op[] {
    return stateOps({ ...this.#surest, cursors: new Map(this.cursors.map(({ sink, record }) => [sink, record])) })
  }

  /** The same for a store that was opened again: dead letters may be in the write that failed. */
  sureOps(): Op[] {
    return stateOps({ ...this.#surest, cursors: new Map(this.cursors.map(({ sink, sure }) => [sink, sure])) })
  }

  watermark(): Watermark {
    return { ...this.#surest, cursors: Object.fromEntries(this.cursors.map(({ sink, sure }) => [sink, sure])) }
  }

  get #surest() {
    return { queueId: this.queueId, head: this.intake.onDisk(this.#readable) }
  }
}
