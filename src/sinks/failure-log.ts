import type { ErrorCode, RelayError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'

/**
 * One warning when something begins to fail, one line when it is well again, and everything between at debug level:
 * an upstream that is down for a night fills no log.
 */
export class FailureLog {
  readonly #logger: Logger
  readonly #what: string
  #failure: { readonly error: RelayError; readonly sinceMs: number; readonly said: Set<ErrorCode> } | undefined

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
    const fields = { code: error.code, hint: error.hint }
    const { sinceMs, said } = this.#failure ?? { sinceMs: Date.now(), said: new Set() }
    // Another kind of failure is news: first refused, then a certificate that expired.
    if (said.has(error.code)) this.#logger.debug(fields, error.message)
    else this.#logger.warn(fields, error.message)
    said.add(error.code)
    this.#failure = { error, sinceMs, said }
  }

  well(): void {
    if (this.#failure === undefined) return
    const seconds = Math.round((Date.now() - this.#failure.sinceMs) / 1000)
    this.#failure = undefined
    this.#logger.info({ seconds }, `${this.#what} works again after ${seconds} s`)
  }
}
