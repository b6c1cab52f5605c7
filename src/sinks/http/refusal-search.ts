import type { RelayError } from '../../core/errors.ts'

/** Documents of a request by their position: from the first up to (not including) the second. */
export interface Segment {
  readonly from: number
  readonly to: number
}

/** A document that was refused alone. */
export interface Suspect {
  readonly at: number
  readonly error: RelayError
}

/** What is known when nothing more is asked. What is not named here was answered for, or is `left`. */
export interface Findings {
  /** Refused alone while the receiver took others of the same request. */
  readonly bad: readonly Suspect[]
  /** Refused alone, and nothing was taken that would show that it is their fault. */
  readonly doubtful: readonly Suspect[]
  /** Not asked for any more. */
  readonly left: readonly Segment[]
}

interface Pending extends Segment {
  /** The other half is next: when this one is taken, that one holds the bad document. */
  readonly firstHalf: boolean
}

/** So many refused alone in a row: then it may be the receiver that is at fault. More of them when it has just taken others of the same request. */
const mostInARow = 8
const mostInARowAfterTaken = 64
/** So many others are tried alone before it is taken to be. */
const mostProbes = 4

/**
 * Finds the documents for which a receiver refuses a whole request, in about 1.5 × log2(n) requests for one of n: halves it, in
 * order, until a document is refused alone.
 *
 * A receiver that is wrongly configured refuses every document alone, and all would become dead letters. So a document is
 * bad only when the receiver takes another one of the same request. When some (`mostInARow`) are refused alone in a row with the same kind
 * of error, a few others from all over the request are tried before their turn. Is none of them taken the search ends: those in the
 * row are doubtful, and what was not asked for is left.
 *
 * Pure: `next` says what to send, and is told what came of it by `taken` or `refused`.
 */
export class RefusalSearch {
  /** In descending order: the last is next. */
  readonly #pending: Pending[]
  readonly #bad: Suspect[] = []
  /** Refused alone since something was taken. */
  #row: Suspect[] = []
  #current: Pending | undefined
  #probes = 0
  #anyTaken = false

  constructor(documents: number) {
    this.#pending = [{ from: 0, to: documents, firstHalf: false }]
  }

  /** The documents to send next; undefined when there is nothing more to ask. */
  next(): Segment | undefined {
    this.#current = this.#row.length < this.#mostInARow ? this.#pending.pop() : this.#probe()
    return this.#current
  }

  /** The receiver answered for each document of the segment. `works`: at least one of them shows that it takes documents. */
  taken(works: boolean): void {
    const { firstHalf } = this.#current as Pending
    if (works) {
      this.#anyTaken = true
      this.#probes = 0
      this.#bad.push(...this.#row)
      this.#row = []
    }
    const other = this.#pending.at(-1)
    if (!firstHalf || other === undefined || other.to - other.from === 1) return
    this.#pending.pop()
    this.#halve(other, true)
  }

  /** The segment was refused as a whole. `because` is absent where it was not even sent: it is only to be halved. */
  refused(because?: { readonly error: RelayError; readonly tooLarge: boolean }): void {
    const current = this.#current as Pending
    if (current.to - current.from > 1) this.#halve(current, because?.tooLarge === false)
    else if (because !== undefined) this.#suspect(current.from, because.error)
  }

  findings(): Findings {
    const left = this.#pending.toReversed()
    const sameKind = new Set(this.#row.map(({ error }) => error.code)).size < 2
    const doubtful = left.length > 0 || (!this.#anyTaken && sameKind)
    return doubtful ? { bad: this.#bad, doubtful: this.#row, left } : { bad: [...this.#bad, ...this.#row], doubtful: [], left }
  }

  get #mostInARow(): number {
    return this.#anyTaken ? mostInARowAfterTaken : mostInARow
  }

  #suspect(at: number, error: RelayError): void {
    // Refused for another reason: then it depends on the document.
    if (this.#row.length >= this.#mostInARow && this.#row.at(-1)?.error.code !== error.code) this.#probes = 0
    this.#row.push({ at, error })
  }

  /** The last document of the segment furthest away, then of the one before it, and so on: they lie all over the request. */
  #probe(): Pending | undefined {
    if (this.#pending.length === 0 || this.#probes === mostProbes) return undefined
    const index = Math.min(this.#probes++, this.#pending.length - 1)
    const { from, to } = this.#pending[index] as Pending
    if (to - from === 1) this.#pending.splice(index, 1)
    else this.#pending[index] = { from, to: to - 1, firstHalf: false }
    return { from: to - 1, to, firstHalf: false }
  }

  #halve({ from, to }: Segment, holdsBad: boolean): void {
    const middle = from + ((to - from + 1) >>> 1)
    this.#pending.push({ from: middle, to, firstHalf: false }, { from, to: middle, firstHalf: holdsBad })
  }
}
