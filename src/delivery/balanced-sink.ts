import type { SeqRange, StoredBatch } from '../core/batch.ts'
import type { Rejected } from '../core/dead-letter.ts'
import { RelayError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { EndpointStatus, Outcome, Sink, Unsettled } from '../core/sink.ts'
import { Alarm, type Timer } from './alarm.ts'
import { type Balance, type ChooseMember, mayBeTried, memberChooser } from './choose-member.ts'
import { type BalancedEndpoint, Member } from './member.ts'
import { unnamedMessages } from './unnamed-messages.ts'
import { WaitingSends } from './waiting-sends.ts'

export interface BalanceOptions {
  readonly balance: Balance
  /** An endpoint that has messages in hand and settles none for so long loses them to the others. Left out: never. */
  readonly sendTimeoutMs?: number
  readonly logger: Logger
  /** Milliseconds since the epoch, of a clock that never goes back. */
  readonly now?: () => number
  readonly timer?: Timer
}

type Retry = NonNullable<Outcome['retry']>

/**
 * Several endpoints that behave as one sink. `failover` sends to the first that works: one `send` at a time keeps the order.
 * `round_robin` and `least_loaded` take as many sends at a time as there are endpoints, one for each; when none is free the
 * send waits. What an endpoint could not deliver goes to the others at once; each that failed has its own back-off, and
 * only when all wait is the batch to be sent again, as soon as the first may be tried.
 */
export class BalancedSink implements Sink {
  readonly #members: readonly Member[]
  readonly #choose: ChooseMember
  readonly #sendTimeoutMs: number
  readonly #logger: Logger
  readonly #now: () => number
  readonly #waiting = new WaitingSends()
  /** Rings for who waits for the end of a back-off, and when an endpoint has been still for too long. */
  readonly #alarm: Alarm

  constructor(endpoints: readonly BalancedEndpoint[], { balance, sendTimeoutMs, logger, now = steadyNow, timer }: BalanceOptions) {
    this.#members = endpoints.map((endpoint) => new Member(endpoint))
    this.#choose = memberChooser(balance)
    // With one there is nobody to give to: that it takes nothing is pressure.
    this.#sendTimeoutMs = endpoints.length > 1 && sendTimeoutMs !== undefined ? sendTimeoutMs : Number.POSITIVE_INFINITY
    this.#logger = logger
    this.#now = now
    this.#alarm = new Alarm({ now, timer, onTime: () => this.#onTime() })
  }

  async start(): Promise<void> {
    await Promise.all(this.#members.map(({ sink }) => sink.start()))
  }

  async stop(deadline: AbortSignal): Promise<void> {
    await Promise.all(this.#members.map(({ sink }) => sink.stop(deadline)))
    this.#alarm.cancel()
  }

  async send(batch: StoredBatch, signal: AbortSignal): Promise<Outcome> {
    const delivered: SeqRange[] = []
    const rejected: Rejected[] = []
    const tried: Member[] = []
    for (let left: StoredBatch | undefined = batch; left !== undefined; ) {
      const member: Member | undefined = this.#take(tried) ?? (await this.#wait(tried, signal))
      if (member === undefined) return { delivered, rejected, retry: signal.aborted ? stopped() : this.#whenAllWait() }
      tried.push(member)
      const failuresBefore = this.#begin(member, left)
      let outcome: Outcome
      try {
        outcome = await member.sink.send(left, signal)
      } catch (error) {
        outcome = { delivered: [], rejected: [], retry: { error: RelayError.from(error) } }
      }
      delivered.push(...outcome.delivered)
      rejected.push(...outcome.rejected)
      member.answered(outcome, failuresBefore, this.#now(), signal.aborted)
      const unsettled = outcome.unsettled && this.#watched(member, outcome.unsettled, failuresBefore)
      this.#changed()
      const answer = { delivered, rejected, ...(unsettled && { unsettled }) }
      if (outcome.retry === undefined) return answer
      if (signal.aborted) return { ...answer, retry: outcome.retry }
      // What was written before comes first again, then the rest of this: not from here, where only this batch is known.
      if (unsettled !== undefined) return { ...answer, retry: this.#nextTry(outcome.retry.error) }
      left = unnamedMessages(left, outcome)
      if (left !== undefined) this.#logger.debug({ messages: left.ends.length }, `to another endpoint: ${outcome.retry.error.message}`)
    }
    return { delivered, rejected }
  }

  async flush(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#members.map(({ sink }) => sink.flush(signal)))
  }

  endpoints(): readonly EndpointStatus[] {
    const now = this.#now()
    return this.#members.flatMap((member) => member.status(now))
  }

  /** A free member, which is the caller's from now on. */
  #take(tried: readonly Member[]): Member | undefined {
    const member = this.#choose(this.#members, { tried, nowMs: this.#now() })
    if (member !== undefined) member.busy = true
    return member
  }

  /** Resolves with a member when one is free, or with undefined when there is none to wait for. */
  async #wait(tried: readonly Member[], signal: AbortSignal): Promise<Member | undefined> {
    if (signal.aborted || !this.#isWorthWaiting(tried)) return undefined
    const waiting = this.#waiting.wait(tried, signal)
    this.#setAlarm()
    return waiting
  }

  #isWorthWaiting(tried: readonly Member[]): boolean {
    const search = { tried, nowMs: this.#now() }
    return this.#members.some((member) => mayBeTried(member, search))
  }

  /** A member became free or well, or failed: for those who wait. */
  #changed(): void {
    if (!this.#waiting.some) return
    this.#waiting.serve((tried) => this.#take(tried) ?? (this.#isWorthWaiting(tried) ? 'waits' : undefined))
    if (this.#waiting.some) this.#setAlarm()
  }

  #begin(member: Member, { ends }: StoredBatch): number {
    const now = this.#now()
    this.#alarm.by(now + this.#sendTimeoutMs)
    return member.begin(ends.length, now)
  }

  #onTime(): void {
    const now = this.#now()
    for (const member of this.#members) if (this.#giveUpAtMs(member) <= now) this.#giveUp(member, now)
    this.#changed()
    this.#setAlarm()
  }

  #setAlarm(): void {
    const now = this.#now()
    const returnsAtMs = this.#members.map(({ retryAtMs }) => retryAtMs).filter((atMs) => this.#waiting.some && atMs > now)
    this.#alarm.by(Math.min(...returnsAtMs, ...this.#members.map((member) => this.#giveUpAtMs(member))))
  }

  /** Not before there is another that may be tried: as long as its messages have nowhere to go it keeps them. */
  #giveUpAtMs(member: Member): number {
    const others = this.#members.filter((other) => other !== member).map(({ retryAtMs }) => retryAtMs)
    return Math.max(member.stillSinceMs + this.#sendTimeoutMs, Math.min(...others))
  }

  #giveUp(member: Member, now: number): void {
    const seconds = Math.round((now - member.stillSinceMs) / 100) / 10
    const messages = member.inHand
    const hint = 'see whether the receiver still reads, and whether the network still carries it; send_timeout says how long to wait for it'
    const reason = new RelayError('ENDPOINT_CLOSED', `${member.name} has taken nothing for ${seconds} s; its messages go to the others`, {
      hint,
    })
    this.#logger.debug({ code: reason.code, messages }, reason.message)
    member.giveUp(reason, now)
  }

  /** What a member's unsettled messages come to counts against it, and for it. */
  #watched(member: Member, unsettled: Unsettled, failuresBefore: number): Unsettled {
    const outcome = unsettled.outcome.then((fate) => {
      member.settled(unsettled, fate, failuresBefore, this.#now())
      this.#changed()
      return fate.retry === undefined ? fate : { ...fate, retry: this.#nextTry(fate.retry.error) }
    })
    return { seqs: unsettled.seqs, outcome }
  }

  /** At once when another member may be tried. */
  #nextTry(error: RelayError): Retry {
    const now = this.#now()
    return this.#members.some(({ retryAtMs }) => retryAtMs <= now) ? { error, afterMs: 0 } : this.#whenAllWait()
  }

  #whenAllWait(): Retry {
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

function stopped(): Retry {
  return { error: new RelayError('ENDPOINT_CLOSED', 'sending was stopped') }
}

/** Unlike Date.now it does not go back, nor forward by an hour, when the machine's time is set. */
function steadyNow(): number {
  return Math.round(performance.timeOrigin + performance.now())
}
