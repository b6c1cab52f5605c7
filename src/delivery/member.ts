import { countSeqs } from '../batch/ranges.ts'
import type { RelayError } from '../core/errors.ts'
import type { EndpointSink, EndpointStatus, Outcome, Unsettled } from '../core/sink.ts'
import type { Backoff } from '../retry/backoff.ts'

/** An endpoint and the back-off that is its own. */
export interface BalancedEndpoint {
  readonly sink: EndpointSink
  readonly backoff: Backoff
}

/**
 * One endpoint among several: when it may be tried, what it has in hand, and since when it has not moved. Times are
 * milliseconds of the caller's clock.
 */
export class Member {
  readonly sink: EndpointSink
  readonly #backoff: Backoff
  /** A send has it: one at a time. */
  busy = false
  /** A number that grows with each choice: when it was chosen last. */
  chosen = 0
  #error: RelayError | undefined
  /** 0: it may be tried. */
  #retryAtMs = 0
  #failures = 0
  #sending = 0
  #unsettled = 0
  /** When something of it was settled last, or when it got something after having had nothing. */
  #movedAtMs = 0
  #givenUp = false

  constructor({ sink, backoff }: BalancedEndpoint) {
    this.sink = sink
    this.#backoff = backoff
  }

  get name(): string {
    return this.sink.endpoints()[0]?.endpoint ?? 'an endpoint'
  }

  get error(): RelayError | undefined {
    return this.#error
  }

  get retryAtMs(): number {
    return this.#retryAtMs
  }

  /** Messages that are being sent or not settled. */
  get inHand(): number {
    return this.#sending + this.#unsettled
  }

  /** Since when it has messages in hand and settles none; Infinity when nothing is to be expected of it. */
  get stillSinceMs(): number {
    return this.inHand === 0 || this.#givenUp ? Number.POSITIVE_INFINITY : this.#movedAtMs
  }

  /** A send begins. Returns what `answered` and `settled` want to know: how often it had failed by then. */
  begin(messages: number, nowMs: number): number {
    if (this.inHand === 0 || this.#givenUp) this.#movedAtMs = nowMs
    this.#givenUp = false
    this.#sending = messages
    return this.#failures
  }

  /** The send is over. An abort is nobody's failure: then nothing is learned from it. */
  answered(outcome: Outcome, failuresBefore: number, nowMs: number, aborted: boolean): void {
    this.busy = false
    this.#sending = 0
    if (this.#unsettled === 0 || outcome.delivered.length > 0) this.#movedAtMs = nowMs
    if (outcome.unsettled !== undefined) this.#unsettled += countSeqs(outcome.unsettled.seqs)
    if (!aborted) this.#learn(outcome, failuresBefore, nowMs)
  }

  /** The fate of what was unsettled is known. */
  settled({ seqs }: Unsettled, fate: Outcome, failuresBefore: number, nowMs: number): void {
    this.#unsettled -= countSeqs(seqs)
    if (fate.delivered.length + fate.rejected.length > 0) this.#movedAtMs = nowMs
    this.#learn(fate, failuresBefore, nowMs)
  }

  giveUp(reason: RelayError, nowMs: number): void {
    this.#failed(reason, this.#backoff.next(), nowMs)
    this.#givenUp = true
    this.sink.giveUp(reason)
  }

  status(nowMs: number): EndpointStatus[] {
    const error = this.#retryAtMs > nowMs ? this.#error : undefined
    const backingOff = error && ({ state: 'backing_off', retryAtMs: this.#retryAtMs, error: brief(error) } as const)
    return this.sink.endpoints().map((status) => ({ ...status, unsettled: this.inHand, ...backingOff }))
  }

  #learn({ delivered, rejected, retry, unsettled }: Outcome, failuresBefore: number, nowMs: number): void {
    // A connection's death ends every batch that was open on it: one failure. Nor does it tell how the endpoint is after that.
    if (failuresBefore !== this.#failures) return
    // What was written to it says nothing yet; that all was refused is an answer as well.
    if (delivered.length > 0 || (retry === undefined && (unsettled === undefined || rejected.length > 0))) this.#backoff.reset()
    if (retry !== undefined) this.#failed(retry.error, retry.afterMs ?? this.#backoff.next(), nowMs)
    else if (unsettled === undefined) this.#well()
  }

  #failed(error: RelayError, afterMs: number, nowMs: number): void {
    this.#failures++
    this.#error = error
    this.#retryAtMs = nowMs + afterMs
  }

  #well(): void {
    this.#error = undefined
    this.#retryAtMs = 0
  }
}

function brief({ code, message }: RelayError): NonNullable<EndpointStatus['error']> {
  return { code, message }
}
