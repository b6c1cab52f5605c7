import type { RelayError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { ToldFailures } from '../retry/told-failures.ts'

/**
 * One warning when something begins to fail, one line when it is well again, and everything between at debug level. What
 * fails and is well again many times a minute is told once a minute.
 */
export class FailureLog {
  readonly #logger: Logger
  readonly #what: string
  #failure: { readonly error: RelayError; readonly sinceMs: number } | undefined
  readonly #told = new ToldFailures()

  /** `what` begins the sentences: "tls://siem.example.com:6514". */
  constructor(logger: Logger, what: string) {
    this.#logger = logger
    this.#what = what
  }

  /** The error of the failing period that lasts. */
  get error(): RelayError | undefined {
    return this.#failure?.error
  }

  failed(error: RelayError): void {
    const sinceMs = this.#failure?.sinceMs ?? Date.now()
    this.#failure = { error, sinceMs }
    // Another kind of failure is news: first refused, then a certificate that expired.
    const suppressed = this.#told.failed(error.code)
    const fields = { code: error.code, hint: error.hint, ...(suppressed ? { suppressed } : {}) }
    if (suppressed === undefined) this.#logger.debug(fields, error.message)
    else this.#logger.warn(fields, error.message)
  }

  well(): void {
    if (this.#failure === undefined) return
    const seconds = Math.round((Date.now() - this.#failure.sinceMs) / 1000)
    this.#failure = undefined
    const text = `${this.#what} works again after ${seconds} s`
    if (this.#told.ended()) this.#logger.info({ seconds }, text)
    else this.#logger.debug({ seconds }, text)
  }
}
