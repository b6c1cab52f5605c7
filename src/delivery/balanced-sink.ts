import { selectMessages } from '../batch/messages.ts'
import type { SeqRange, StoredBatch } from '../core/batch.ts'
import { RelayError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { Rejected } from '../core/queue.ts'
import type { EndpointStatus, Outcome, Sink } from '../core/sink.ts'
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
      // An abort is nobody's failure.
      if (signal.aborted) return { delivered, rejected, ...(outcome.retry && { retry: outcome.retry }) }
      this.#learn(member, outcome)
      left = outcome.retry === undefined ? undefined : unnamed(left, outcome)
      if (left === undefined) return { delivered, rejected }
      this.#logger.debug({ messages: left.ends.length }, `${member.error?.message}; its messages go to the others`)
    }
    return { delivered, rejected, retry: this.#whenAllWait() }
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

  #learn(member: Member, outcome: Outcome): void {
    if (outcome.delivered.length > 0 || outcome.retry === undefined) member.backoff.reset()
    member.error = outcome.retry?.error
    member.retryAtMs = outcome.retry === undefined ? 0 : this.#now() + (outcome.retry.afterMs ?? member.backoff.next())
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
