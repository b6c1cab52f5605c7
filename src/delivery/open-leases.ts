import { countSeqs } from '../batch/ranges.ts'
import type { Lease } from '../core/queue.ts'
import type { Outcome, Unsettled } from '../core/sink.ts'
import { untilAbort } from '../retry/until-abort.ts'
import { checked } from './checked-outcome.ts'

/** Batches whose fate is open at once. Their messages are numbers here, their bytes lie in the queue alone. */
const maxOpenLeases = 1024

export type Retry = NonNullable<Outcome['retry']>

export interface OpenLeasesContext {
  /** Once for each lease, when its fate is known. */
  readonly onFate: (fate: Outcome) => void
  /** Messages are to be sent again: they go back to the queue. */
  readonly onLost: (retry: Retry) => void
}

/** Leases whose messages are sent and whose fate is open. Each ends in a settle of what was delivered, and a release. */
export class OpenLeases {
  readonly #context: OpenLeasesContext
  readonly #leases = new Set<Lease>()
  readonly #settling = new Set<Promise<void>>()
  #changed = Promise.withResolvers<void>()
  #messages = 0
  #resent = 0

  constructor(context: OpenLeasesContext) {
    this.#context = context
  }

  /** Messages whose fate is open. */
  get messages(): number {
    return this.#messages
  }

  /** Messages that were given back to be sent again although their receiver may have read them. */
  get resent(): number {
    return this.#resent
  }

  add(lease: Lease, unsettled: Unsettled): void {
    const messages = countSeqs(unsettled.seqs)
    this.#leases.add(lease)
    this.#messages += messages
    void unsettled.outcome.then((outcome) => {
      this.#messages -= messages
      if (!this.#leases.has(lease)) return // Released before.
      const fate = checked(messages, outcome)
      const settling = this.#settle(lease, fate).finally(() => this.#settling.delete(settling))
      this.#settling.add(settling)
      this.#context.onFate(fate)
      if (fate.retry === undefined) return
      this.#resent += messages - countSeqs(fate.delivered) - countSeqs(fate.rejected.map(({ seqs }) => seqs))
      this.#context.onLost(fate.retry)
    })
  }

  /** Resolves when there is room for another, or when the signal aborts. */
  async room(signal: AbortSignal): Promise<void> {
    await this.#until(() => this.#leases.size < maxOpenLeases, signal)
  }

  /** Resolves when the fate of all is known and settled, or when the signal aborts. */
  async empty(signal: AbortSignal): Promise<void> {
    await this.#until(() => this.#leases.size === 0, signal)
  }

  /** Resolves when those whose fate is known are settled. */
  async settled(): Promise<void> {
    await Promise.all(this.#settling)
  }

  /** Those that are still open go back to the queue. */
  release(): void {
    for (const lease of this.#leases) this.#release(lease)
  }

  async #settle(lease: Lease, { delivered, rejected }: Outcome): Promise<void> {
    try {
      if (delivered.length + rejected.length > 0) await lease.settle(delivered, rejected)
    } finally {
      this.#release(lease)
    }
  }

  #release(lease: Lease): void {
    if (!this.#leases.delete(lease)) return
    lease.release()
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }

  async #until(condition: () => boolean, signal: AbortSignal): Promise<void> {
    while (!condition() && !signal.aborted) await untilAbort(this.#changed.promise, signal)
  }
}
