import { selectMessages } from '../batch/messages.ts'
import type { SeqRange, StoredBatch } from '../core/batch.ts'
import { RelayError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { Rejected } from '../core/queue.ts'
import type { EndpointStatus, Outcome, Sink, Unsettled } from '../core/sink.ts'
import type { Backoff } from '../retry/backoff.ts'

export type Balance = 'failover' | 'round_robin'

/** An endpoint and the back-off that is its own. */
export interface BalancedEndpoint {
  readonly sink: Sink
  readonly backoff: Backoff
}

export interface BalanceOptions {
  readonly balance: Balance
  readonly logger: Logger
  /** The clock, in milliseconds since the epoch. */
  readonly now?: () => number
}

interface Member extends BalancedEndpoint {
  /** 0: it may be tried. */
  retryAtMs: number
  error: RelayError | undefined
}

/**
 * Several endpoints that behave as one sink. `failover` sends to the first that works, `round_robin` gives each batch to the
 * next. What an endpoint could not deliver goes to the others at once; each that failed has its own back-off, and only when
 * all wait is the batch to be sent again, as soon as the first may be tried. One `send` at a time.
 */
export class BalancedSink implements Sink {
  readonly #members: readonly Member[]
  readonly #balance: Balance
  readonly #logger: Logger
  readonly #now: () => number
  #turn = 0

  constructor(endpoints: readonly BalancedEndpoint[], { balance, logger, now = Date.now }: BalanceOptions) {
    this.#members = endpoints.map(({ sink, backoff }) => ({ sink, backoff, retryAtMs: 0, error: undefined }))
    this.#logger = logger
    this.#balance = balance
    this.#now = now
  }

  async start(): Promise<void> {
    await Promise.all(this.#members.map(({ sink }) => sink.start()))
  }

  async stop(deadline: AbortSignal): Promise<void> {
    await Promise.all(this.#members.map(({ sink }) => sink.stop(deadline)))
  }

  async send(batch: StoredBatch, signal: AbortSignal): Promise<Outcome> {
    const delivered: SeqRange[] = []
    const rejected: Rejected[] = []
    let left: StoredBatch | undefined = batch
    for (const member of this.#candidates()) {
      const outcome: Outcome = await member.sink.send(left, signal)
      delivered.push(...outcome.delivered)
      rejected.push(...outcome.rejected)
      const unsettled = outcome.unsettled && this.#watched(member, outcome.unsettled)
      const answer = { delivered, rejected, ...(unsettled && { unsettled }) }
      // An abort is nobody's failure.
      if (signal.aborted) return { ...answer, ...(outcome.retry && { retry: outcome.retry }) }
      this.#learn(member, outcome)
      if (outcome.retry === undefined) return answer
      // What was written before comes first again, then the rest of this: not from here, where only this batch is known.
      if (unsettled !== undefined) return { ...answer, retry: this.#nextTry(outcome.retry.error) }
      left = unnamed(left, outcome)
      if (left === undefined) return answer
      this.#logger.debug({ messages: left.ends.length }, `${member.error?.message}; its messages go to the others`)
    }
    return { delivered, rejected, retry: this.#whenAllWait() }
  }

  async flush(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#members.map(({ sink }) => sink.flush(signal)))
  }

  endpoints(): readonly EndpointStatus[] {
    const now = this.#now()
    return this.#members.flatMap(({ sink, retryAtMs, error }) =>
      sink.endpoints().map((status): EndpointStatus => {
        if (retryAtMs <= now || error === undefined) return status
        return { ...status, state: 'backing_off', retryAtMs, error: { code: error.code, message: error.message } }
      }),
    )
  }

  /** Those that may be tried, in the order in which they are; each once. */
  #candidates(): Member[] {
    const now = this.#now()
    const first = this.#balance === 'round_robin' ? this.#turn++ % this.#members.length : 0
    return [...this.#members.slice(first), ...this.#members.slice(0, first)].filter(({ retryAtMs }) => retryAtMs <= now)
  }

  #learn(member: Member, { delivered, rejected, retry, unsettled }: Outcome): void {
    // What was written to it says nothing yet; that all was refused is an answer as well.
    if (delivered.length > 0 || (retry === undefined && (unsettled === undefined || rejected.length > 0))) member.backoff.reset()
    if (retry === undefined) {
      if (unsettled === undefined) this.#well(member)
      return
    }
    // A connection's death ends every batch that was open on it, with one error: one failure.
    if (member.error === retry.error) return
    member.error = retry.error
    member.retryAtMs = this.#now() + (retry.afterMs ?? member.backoff.next())
  }

  #well(member: Member): void {
    member.error = undefined
    member.retryAtMs = 0
  }

  /** What a member's unsettled messages come to counts against it, and for it. */
  #watched(member: Member, { seqs, outcome }: Unsettled): Unsettled {
    const known = outcome.then((fate) => {
      this.#learn(member, fate)
      return fate.retry === undefined ? fate : { ...fate, retry: this.#nextTry(fate.retry.error) }
    })
    return { seqs, outcome: known }
  }

  /** At once when another member may be tried. */
  #nextTry(error: RelayError): NonNullable<Outcome['retry']> {
    const now = this.#now()
    return this.#members.some(({ retryAtMs }) => retryAtMs <= now) ? { error, afterMs: 0 } : this.#whenAllWait()
  }

  #whenAllWait(): NonNullable<Outcome['retry']> {
    const errors = this.#members.map(({ error }) => error).filter((error) => error !== undefined)
    const afterMs = Math.max(0, Math.min(...this.#members.map(({ retryAtMs }) => retryAtMs)) - this.#now())
    const [first] = errors
    if (this.#members.length === 1 && first !== undefined) return { error: first, afterMs }
    const reasons = errors.map(({ message }) => message).join('; ')
    return {
      error: new RelayError('ENDPOINTS_BACKING_OFF', `no endpoint takes messages: ${reasons}`, { hint: first?.hint, cause: first }),
      afterMs,
    }
  }
}

/** The messages of a batch that an outcome does not name: they are to be sent again. */
function unnamed(batch: StoredBatch, { delivered, rejected }: Outcome): StoredBatch | undefined {
  const named = [...delivered, ...rejected.map(({ seqs }) => seqs)].sort(([a], [b]) => a - b)
  let at = 0
  return selectMessages(batch, (seq) => {
    while (at < named.length && (named[at] as SeqRange)[1] < seq) at++
    return at === named.length || (named[at] as SeqRange)[0] > seq
  })
}
