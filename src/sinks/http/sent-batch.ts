import { seqAt } from '../../batch/ranges.ts'
import type { SeqRange, StoredBatch } from '../../core/batch.ts'
import type { Rejected } from '../../core/dead-letter.ts'
import type { RelayError } from '../../core/errors.ts'
import type { Outcome } from '../../core/sink.ts'

/** One byte a message. */
const Fate = { open: 0, delivered: 1, rejected: 2, again: 3, told: 4 } as const
type FateCode = (typeof Fate)[keyof typeof Fate]

/**
 * What became of the messages of one `send`, by their index in the batch. Requests tell it piece by piece; the first word about
 * a message counts. It holds numbers alone, nothing of the batch's memory.
 */
export class SentBatch {
  readonly #queueId: string
  readonly #seqs: readonly SeqRange[]
  readonly #fates: Uint8Array
  #open: number
  #rejected: { readonly index: number; readonly error: RelayError }[] = []
  #error: RelayError | undefined
  #afterMs: number | undefined
  #onDone: () => void = () => {}

  constructor({ queueId, seqs, ends }: Pick<StoredBatch, 'queueId' | 'seqs' | 'ends'>) {
    this.#queueId = queueId
    this.#seqs = seqs
    this.#fates = new Uint8Array(ends.length)
    this.#open = ends.length
  }

  /** Names a message for ever. */
  nameOf(index: number): string {
    return `${this.#queueId}:${seqAt(this.#seqs, index)}`
  }

  delivered(index: number): void {
    this.#settle(index, Fate.delivered)
  }

  rejected(index: number, error: RelayError): void {
    if (this.#settle(index, Fate.rejected)) this.#rejected.push({ index, error })
  }

  /** To be sent again: the first error is told, and the longest pause that was asked for. */
  again(index: number, error: RelayError, afterMs?: number): void {
    if (this.#settle(index, Fate.again)) this.#retry(error, afterMs)
  }

  /** All messages from this index on are to be sent again. */
  restAgain(from: number, error: RelayError, afterMs?: number): void {
    for (let index = from; index < this.#fates.length; index++) this.again(index, error, afterMs)
  }

  /** The answer for what is known by now; what is not comes with `unsettled`. To be called once. */
  answer(): Outcome {
    const open = this.#named(Fate.open)
    const known = this.#known()
    if (this.#open === 0) return known
    const done = new Promise<void>((resolve) => {
      this.#onDone = resolve
    })
    return { ...known, unsettled: { seqs: open, outcome: done.then(() => this.#known()) } }
  }

  #settle(index: number, fate: FateCode): boolean {
    if (this.#fates[index] !== Fate.open) return false
    this.#fates[index] = fate
    if (--this.#open === 0) this.#onDone()
    return true
  }

  #retry(error: RelayError, afterMs: number | undefined): void {
    this.#error ??= error
    if (afterMs !== undefined) this.#afterMs = Math.max(afterMs, this.#afterMs ?? 0)
  }

  /** What was not told before. */
  #known(): Omit<Outcome, 'unsettled'> {
    const delivered = this.#named(Fate.delivered)
    const rejected = this.#rejected
      .sort((a, b) => a.index - b.index)
      .map(({ index, error }): Rejected => {
        const seq = seqAt(this.#seqs, index)
        return { seqs: [seq, seq], error }
      })
    this.#rejected = []
    const error = this.#fates.includes(Fate.again) ? this.#error : undefined
    for (let index = 0; index < this.#fates.length; index++) if (this.#fates[index] !== Fate.open) this.#fates[index] = Fate.told
    if (error === undefined) return { delivered, rejected }
    return { delivered, rejected, retry: this.#afterMs === undefined ? { error } : { error, afterMs: this.#afterMs } }
  }

  #named(wanted: FateCode): SeqRange[] {
    const found: SeqRange[] = []
    let index = 0
    for (const [first, last] of this.#seqs) {
      let from: number | undefined
      for (let seq = first; seq <= last; seq++, index++) {
        if (this.#fates[index] === wanted) from ??= seq
        else if (from !== undefined) {
          found.push([from, seq - 1])
          from = undefined
        }
      }
      if (from !== undefined) found.push([from, last])
    }
    return found
  }
}
