import type { Seq, SeqRange } from '../core/batch.ts'
import type { Drops, SinkLedger } from '../core/ledger.ts'
import { addDropped, sumDrops, totalDrops } from './intake-totals.ts'
import { type Fate, SettledRanges } from './settled-ranges.ts'

/** A batch of the store as a cursor sees it. */
export interface Extent {
  readonly first: Seq
  /** Behind its last message. */
  readonly end: Seq
  /** Stored bytes before it. */
  readonly position: number
  readonly bytes: number
  /** Receive time of its first message; unknown for a damaged one. */
  readonly timeMs?: number
}

/** What is on disk about a sink. Invariant: delivered + rejected + dropped = seq - base. */
export interface CursorRecord {
  readonly seq: Seq
  /** Key of the batch that holds `seq`: reading begins here. */
  readonly batch: Seq
  readonly position: number
  /** The first message after the sink was added, and what the intake had dropped until then. */
  readonly base: Seq
  readonly baseDropped: Drops
  readonly delivered: number
  readonly rejected: number
  readonly dropped: Drops
  /** Batches that drop_oldest deleted behind a lease that was out: known after a restart, so that they do not count as damaged. */
  readonly deleted: readonly Extent[]
}

export function newCursor(seq: Seq, position: number, baseDropped: Drops): CursorRecord {
  return { seq, batch: seq, position, base: seq, baseDropped, delivered: 0, rejected: 0, dropped: {}, deleted: [] }
}

/** How far a sink has come: the lowest message it has not settled, what it settled above, and its books. */
export class SinkCursor {
  readonly sink: string
  /** Dead letters of its books that were sent again and taken: kept with the letters, for only there both change in one write. */
  redelivered = 0
  #record: CursorRecord
  #sure: CursorRecord
  #settled = new SettledRanges()
  /** Batches that reading has reached and the cursor has not passed, ascending. */
  #window: Extent[] = []

  constructor(sink: string, record: CursorRecord) {
    this.sink = sink
    this.#record = record
    this.#sure = record
    for (const { first, end } of record.deleted) this.#settled.add(first, end - 1, 'oldest')
  }

  get seq(): Seq {
    return this.#record.seq
  }

  /** Where its books begin. */
  get base(): Seq {
    return this.#record.base
  }

  /** First batch that is still needed. */
  get batch(): Seq {
    return this.#record.batch
  }

  get record(): CursorRecord {
    return this.#record
  }

  /**
   * The last record that passes no message whose dead letter may not be on disk yet: all that may be told outside of the writes
   * that have the letters. A letter is in the same write as the cursor that passed it, or in an earlier one.
   */
  get sure(): CursorRecord {
    return this.#sure
  }

  /** This record is on disk now, with the dead letters of what it passed. */
  written(record: CursorRecord): void {
    if (record.rejected > this.#sure.rejected) this.#sure = record
    this.#makeSure()
  }

  get oldestAtMs(): number | undefined {
    return this.#window[0]?.timeMs
  }

  /** Stored bytes that wait for this sink when `head` bytes were stored in all. */
  waitingBytes(head: number): number {
    return head - this.#record.position - this.#record.deleted.reduce((sum, extent) => sum + extent.bytes, 0)
  }

  isSettled(seq: Seq): boolean {
    return seq < this.#record.seq || this.#settled.has(seq)
  }

  /** Whether any message from `first` through `last` is settled. */
  anySettled(first: Seq, last: Seq): boolean {
    return first < this.#record.seq || this.#settled.touches(first, last)
  }

  /** The parts of `first` through `last` that are not settled. */
  unsettled(first: Seq, last: Seq): SeqRange[] {
    return this.#settled.gaps(Math.max(first, this.#record.seq), last)
  }

  /** Reading has reached this batch. */
  enter(extent: Extent): void {
    this.#window.push(extent)
    this.#pass()
  }

  /** Batches that reading has reached and the cursor has not passed. */
  get window(): readonly Extent[] {
    return this.#window
  }

  /** Settles messages; those below the cursor and those settled before stay as they are. Returns what is new. */
  settle([from, through]: SeqRange, fate: Fate): SeqRange[] {
    const first = Math.max(from, this.#record.seq)
    if (first > through) return []
    const added = this.#settled.add(first, through, fate)
    this.#advance()
    return added
  }

  /** Settles a whole batch that is about to be deleted from the store. Returns how many messages that drops. */
  drop(extent: Extent): number {
    let messages = 0
    for (const [from, through] of this.settle([extent.first, extent.end - 1], 'oldest')) messages += through - from + 1
    if (extent.end > this.#record.seq) {
      this.#move({ deleted: joinDeleted(this.#record.deleted, extent) })
      this.#joinWindow(extent)
    }
    return messages
  }

  /** What is dropped behind a lease becomes one extent: the window must not grow while that lease is out. */
  #joinWindow({ first, end }: Extent): void {
    const at = this.#window.findIndex((extent) => extent.end === end)
    const before = this.#window[at - 1]
    const joined = this.#record.deleted.find((extent) => extent.end === end)
    if (before === undefined || joined === undefined || joined.first === first || before.first < joined.first) return
    this.#window.splice(at - 1, 2, join(before, this.#window[at] as Extent))
  }

  #move(changed: Partial<CursorRecord>): void {
    this.#record = { ...this.#record, ...changed }
    this.#makeSure()
  }

  #makeSure(): void {
    if (this.#record.rejected === this.#sure.rejected) this.#sure = this.#record
  }

  #advance(): void {
    let { delivered, rejected, dropped } = this.#record
    const seq = this.#settled.advance(this.#record.seq, (fate, messages) => {
      if (fate === 'delivered') delivered += messages
      else if (fate === 'rejected') rejected += messages
      else dropped = addDropped(dropped, fate, messages)
    })
    if (seq === this.#record.seq) return
    const { deleted } = this.#record
    this.#move({ seq, delivered, rejected, dropped, deleted: deleted.filter((extent) => extent.end > seq) })
    this.#pass()
    this.#passDeleted(deleted)
  }

  /** After a restart reading does not meet what was deleted: no longer subtracted, it must not count as waiting. */
  #passDeleted(deleted: readonly Extent[]): void {
    for (const { first, end, position, bytes } of deleted) {
      if (first === this.#record.batch && end <= this.#record.seq) this.#move({ batch: end, position: position + bytes })
    }
  }

  #pass(): void {
    let passed = 0
    let last: Extent | undefined
    for (const extent of this.#window) {
      if (extent.end > this.#record.seq) break
      last = extent
      passed++
    }
    if (last === undefined) return
    this.#window.splice(0, passed)
    this.#move({ batch: last.end, position: last.position + last.bytes })
  }

  /** This sink's books when the next message gets number `nextSeq` and the intake has dropped so many in all. */
  ledger(nextSeq: Seq, intakeDropped: Drops): SinkLedger {
    const { seq, base, baseDropped, delivered, rejected, dropped } = this.#record
    const beforeStoring = sumDrops(intakeDropped, baseDropped, -1)
    const redelivered = Math.min(this.redelivered, rejected) // a cursor that was lost has forgotten what it rejected
    return {
      received: nextSeq - base + totalDrops(beforeStoring),
      delivered: delivered + redelivered,
      rejected: rejected - redelivered,
      queued: nextSeq - seq,
      dropped: sumDrops(dropped, beforeStoring),
    }
  }
}

function join(left: Extent, right: Extent): Extent {
  return { ...left, end: right.end, bytes: left.bytes + right.bytes }
}

/** Ascending: what comes back from a lease is dropped after what lies behind it. */
function joinDeleted(deleted: readonly Extent[], extent: Extent): Extent[] {
  const joined: Extent[] = []
  for (const next of [...deleted, extent].sort((a, b) => a.first - b.first)) {
    const last = joined.at(-1)
    if (last?.end === next.first) joined[joined.length - 1] = join(last, next)
    else joined.push(next)
  }
  return joined
}
