import type { ErrorCode, RelayError } from '../../core/errors.ts'
import type { Logger } from '../../core/logger.ts'
import { Backoff, wait } from '../../retry/backoff.ts'
import { ToldFailures } from '../../retry/told-failures.ts'

/** Failures that do not pass without a person. */
const needsPerson: ReadonlySet<ErrorCode> = new Set(['SOURCE_DENIED', 'SOURCE_NOT_FOUND', 'CLOCK_SKEW', 'SECRET_UNREADABLE'])

export interface PollingHealthOptions {
  /** Begins the log's lines: `source of pipeline cloudtrail`. */
  readonly who: string
  /** Milliseconds. */
  readonly retry: { readonly initial: number; readonly max: number }
  readonly logger: Logger
}

/** Whether one kind of requests succeeds, and when it is tried again: one line when it begins to fail, one when it is well, and the back-off between. */
export class PollingHealth {
  readonly #who: string
  readonly #logger: Logger
  readonly #backoff: Backoff
  readonly #told = new ToldFailures()
  #period: { readonly sinceMs: number; readonly error: RelayError; readonly retryAtMs: number; readonly dueAt: number } | undefined

  constructor({ who, retry, logger }: PollingHealthOptions) {
    this.#who = who
    this.#logger = logger
    this.#backoff = new Backoff({ initialMs: retry.initial, maxMs: retry.max })
  }

  get failing(): boolean {
    return this.#period !== undefined
  }

  get status(): { readonly failingSinceMs: number; readonly error: RelayError; readonly retryAtMs: number } | undefined {
    const period = this.#period
    return period && { failingSinceMs: period.sinceMs, error: period.error, retryAtMs: period.retryAtMs }
  }

  /** Several requests that were under way fail together: they are one failure. */
  failed(error: RelayError): void {
    if (this.#waitMs > 0) return
    const nowMs = Date.now()
    const afterMs = this.#backoff.next()
    this.#period = { sinceMs: this.#period?.sinceMs ?? nowMs, error, retryAtMs: nowMs + afterMs, dueAt: performance.now() + afterMs }
    const suppressed = this.#told.failed(error.code)
    const fields = { code: error.code, retryInMs: afterMs, hint: error.hint, ...(suppressed ? { suppressed } : {}) }
    const text = `${this.#who}: ${error.message}; next try in ${Math.ceil(afterMs / 1000)} s`
    if (suppressed === undefined) this.#logger.debug(fields, text)
    else if (needsPerson.has(error.code)) this.#logger.error(fields, text)
    else this.#logger.warn(fields, text)
  }

  well(): void {
    const period = this.#period
    if (period === undefined) return
    this.#period = undefined
    this.#backoff.reset()
    const failedMs = Date.now() - period.sinceMs
    const text = `${this.#who}: works again after ${Math.ceil(failedMs / 1000)} s`
    if (this.#told.ended()) this.#logger.info({ failedMs }, text)
    else this.#logger.debug({ failedMs }, text)
  }

  /** Resolves when the next try is due, or the signal aborts. */
  async due(signal: AbortSignal): Promise<void> {
    while (this.#waitMs > 0 && !signal.aborted) await wait(this.#waitMs, signal)
  }

  get #waitMs(): number {
    return Math.ceil((this.#period?.dueAt ?? 0) - performance.now())
  }
}
