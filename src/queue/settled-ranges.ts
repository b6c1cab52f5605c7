import type { Seq, SeqRange } from '../core/batch.ts'
import type { DropReason } from '../core/intake.ts'

/** What became of a message at one sink. */
export type Fate = 'delivered' | 'rejected' | DropReason

interface Settled {
  readonly from: Seq
  readonly through: Seq
  readonly fate: Fate
}

/**
 * Messages settled above a cursor, in any order: sorted ranges that never overlap. The first fate of a message stands.
 * As many ranges as there are gaps between leases, so a handful.
 */
export class SettledRanges {
  #ranges: Settled[] = []

  get empty(): boolean {
    return this.#ranges.length === 0
  }

  /** Index of the first range that ends at or after `seq`. */
  #search(seq: Seq): number {
    let low = 0
    let high = this.#ranges.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#ranges[middle] as Settled).through < seq) low = middle + 1
      else high = middle
    }
    return low
  }

  has(seq: Seq): boolean {
    const range = this.#ranges[this.#search(seq)]
    return range !== undefined && range.from <= seq
  }

  /** Whether any message of the range is settled. */
  touches(from: Seq, through: Seq): boolean {
    const range = this.#ranges[this.#search(from)]
    return range !== undefined && range.from <= through
  }

  /** What of the range is not settled. */
  gaps(from: Seq, through: Seq): SeqRange[] {
    const gaps: SeqRange[] = []
    let next = from
    for (let i = this.#search(from); i < this.#ranges.length && next <= through; i++) {
      const known = this.#ranges[i] as Settled
      if (known.from > through) break
      if (known.from > next) gaps.push([next, known.from - 1])
      next = known.through + 1
    }
    if (next <= through) gaps.push([next, through])
    return gaps
  }

  /** Settles what was not settled in `[from, through]`; returns that part. */
  add(from: Seq, through: Seq, fate: Fate): SeqRange[] {
    const added: SeqRange[] = []
    const at = this.#search(from)
    let end = at
    let next = from
    const pieces: Settled[] = []
    for (; end < this.#ranges.length && (this.#ranges[end] as Settled).from <= through; end++) {
      const known = this.#ranges[end] as Settled
      if (known.from > next) added.push([next, known.from - 1])
      next = known.through + 1
      pieces.push(known)
    }
    if (next <= through) added.push([next, through])
    if (added.length === 0) return added
    for (const [first, last] of added) pieces.push({ from: first, through: last, fate })
    pieces.sort((a, b) => a.from - b.from)
    this.#ranges.splice(at, end - at, ...pieces)
    this.#joinAround(at, at + pieces.length)
    return added
  }

  #joinAround(from: number, to: number): void {
    for (let i = Math.min(to, this.#ranges.length - 1); i >= Math.max(from, 1); i--) {
      const left = this.#ranges[i - 1] as Settled
      const right = this.#ranges[i] as Settled
      if (left.fate !== right.fate || left.through !== right.from - 1) continue
      this.#ranges.splice(i - 1, 2, { from: left.from, through: right.through, fate: left.fate })
    }
  }

  /** Takes out what begins at `cursor` without a gap; `passed` hears of each piece. Returns the new cursor. */
  advance(cursor: Seq, passed: (fate: Fate, messages: number) => void): Seq {
    let next = cursor
    let taken = 0
    for (; taken < this.#ranges.length; taken++) {
      const range = this.#ranges[taken] as Settled
      if (range.from !== next) break
      passed(range.fate, range.through - range.from + 1)
      next = range.through + 1
    }
    this.#ranges.splice(0, taken)
    return next
  }
}
