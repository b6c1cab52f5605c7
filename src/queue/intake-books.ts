import type { IntakeTotals } from '../batch/batch-codec.ts'
import type { Transport } from '../core/batch.ts'
import type { DropReason } from '../core/intake.ts'
import { addDropped, addReceived, type TransportCounts } from './intake-totals.ts'
import type { Head } from './watermark.ts'

/** Messages at the end of the queue that no write carries. */
export interface Held {
  readonly from: number
  readonly counts: TransportCounts
}

/** What the intake counts: `live` with all that was appended, `stored` with what the next write makes durable. */
export class IntakeBooks {
  #nextSeq: number
  #live: IntakeTotals
  #stored: Head
  /** Drops, and what was taken into memory, that no write carries yet. */
  dirty = false
  #held: Held | undefined

  constructor(head: Head) {
    this.#nextSeq = head.nextSeq
    this.#live = head.intake
    this.#stored = head
  }

  get nextSeq(): number {
    return this.#nextSeq
  }

  get live(): IntakeTotals {
    return this.#live
  }

  get stored(): Head {
    return this.#stored
  }

  /** These messages are only in memory; undefined when none are. */
  hold(held: Held | undefined): void {
    this.#held = held
    this.dirty = true
  }

  /** What the disk may be told: a head behind which nothing is only in memory. Drops are told in full. */
  onDisk(head = this.#stored): Head {
    if (this.#held === undefined) return head
    return { nextSeq: this.#held.from, position: head.position, intake: addReceived(head.intake, this.#held.counts, -1) }
  }

  /** Gives the messages their numbers; returns the first. */
  append(messages: number, counts: TransportCounts): number {
    const first = this.#nextSeq
    this.#nextSeq += messages
    this.#live = addReceived(this.#live, counts)
    return first
  }

  /** Totals as they are once these messages are stored. */
  withReceived(counts: TransportCounts): IntakeTotals {
    return addReceived(this.#stored.intake, counts)
  }

  /** A batch took its place in the store. */
  seal(nextSeq: number, position: number, intake: IntakeTotals): void {
    this.#stored = { nextSeq, position, intake }
    this.dirty = false
  }

  /** A batch is kept in memory as if it were stored, and takes no bytes of the store. */
  sealInMemory(nextSeq: number, intake: IntakeTotals): void {
    this.#stored = { ...this.#stored, nextSeq, intake }
  }

  /** A batch that was in memory takes so many bytes of the store. */
  grow(bytes: number): void {
    this.#stored = { ...this.#stored, position: this.#stored.position + bytes }
  }

  /** Goes back to where the store ends: what was taken and never stored is let go. */
  reset(head: Head): void {
    this.#nextSeq = head.nextSeq
    this.#live = head.intake
    this.#stored = head
  }

  /** Received, and never stored. */
  drop(reason: DropReason, transport: Transport, messages: number): void {
    this.#live = countDrop(this.#live, reason, transport, messages)
    this.#stored = { ...this.#stored, intake: countDrop(this.#stored.intake, reason, transport, messages) }
    this.dirty = true
  }
}

/** Totals with messages that were received and dropped. */
export function countDrop(totals: IntakeTotals, reason: DropReason, transport: Transport, messages: number): IntakeTotals {
  return { ...addReceived(totals, { [transport]: messages }), dropped: addDropped(totals.dropped, reason, messages) }
}
