import { countSeqs } from '../batch/ranges.ts'
import type { ErrorCode, RelayError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { Outcome } from '../core/sink.ts'
import type { SinkStatus } from '../core/status.ts'
import { ToldFailures } from '../retry/told-failures.ts'

/** Failures that do not pass without a person. The others are warnings: nothing is lost while they last. */
const needsPerson: ReadonlySet<ErrorCode> = new Set([
  'ENDPOINT_TLS',
  'ENDPOINT_AUTH',
  'TLS_MATERIAL',
  'SECRET_UNREADABLE',
  'FILE_UNWRITABLE',
  'INTERNAL',
])

/** Refused messages are told of at once, and not again for so long. */
const refusalQuietMs = 10_000

export interface HealthOptions {
  readonly pipelineName: string
  readonly sinkName: string
  readonly queued: () => number
  readonly logger: Logger
  /** Does something in so many milliseconds. Default: a timer that keeps no process alive. */
  readonly later?: (work: () => void, ms: number) => void
}

interface FailingPeriod {
  readonly sinceMs: number
  readonly error: RelayError
}

/** What a forwarder knows and says about its sink: one line when it begins to fail, one when it is well, none for each retry, and no more than that a minute. */
export class DeliveryHealth {
  readonly #name: string
  readonly #logger: Logger
  readonly #queued: () => number
  readonly #told = new ToldFailures()
  #period: FailingPeriod | undefined
  #lastDeliveredAtMs: number | undefined
  /** Messages that became dead letters and were not told of, and why the last of them did. */
  #refused: { readonly messages: number; readonly error: RelayError } | undefined
  /** They were told of a short while ago. */
  #refusalsQuiet = false
  readonly #later: (work: () => void, ms: number) => void
  /** When the next try is, while one is waited for. */
  retryAtMs: number | undefined

  constructor({ pipelineName, sinkName, queued, logger, later = unreferenced }: HealthOptions) {
    this.#later = later
    this.#name = `sink ${sinkName} of pipeline ${pipelineName}`
    this.#logger = logger
    this.#queued = queued
  }

  get failing(): boolean {
    return this.#period !== undefined
  }

  /** It fails, and is not tried before some time has passed. */
  get waits(): boolean {
    return this.failing && (this.retryAtMs ?? 0) > Date.now()
  }

  /** Once for each batch. */
  answered({ delivered, rejected }: Outcome): void {
    if (delivered.length > 0) this.#lastDeliveredAtMs = Date.now()
    const [first] = rejected
    if (first === undefined) return
    const messages = (this.#refused?.messages ?? 0) + countSeqs(rejected.map(({ seqs }) => seqs))
    this.#refused = { messages, error: first.error }
    // One bad document in each batch would fill the log.
    if (!this.#refusalsQuiet) this.#tellRefused()
  }

  #tellRefused(): void {
    const refused = this.#refused
    this.#refused = undefined
    this.#refusalsQuiet = refused !== undefined
    if (refused === undefined) return
    this.#later(() => this.#tellRefused(), refusalQuietMs)
    const { messages, error } = refused
    const fields = { code: error.code, messages, hint: error.hint }
    this.#logger.error(fields, `${this.#name}: ${messages} messages cannot be delivered and are now dead letters: ${error.message}`)
  }

  failed(error: RelayError, afterMs: number): void {
    this.#period = { sinceMs: this.#period?.sinceMs ?? Date.now(), error }
    this.retryAtMs = Date.now() + afterMs
    const messages = this.#queued()
    // What goes to another endpoint at once, or was turned away politely, is nobody's trouble.
    const suppressed = afterMs === 0 ? undefined : this.#told.failed(error.code)
    const fields = { code: error.code, retryInMs: afterMs, messages, hint: error.hint, ...(suppressed ? { suppressed } : {}) }
    const text = `${this.#name}: ${error.message}; next try in ${seconds(afterMs)}, ${messages} messages wait on disk`
    if (suppressed === undefined) this.#logger.debug(fields, text)
    else if (needsPerson.has(error.code)) this.#logger.error(fields, text)
    else this.#logger.warn(fields, text)
  }

  well(): void {
    if (this.#period === undefined) return
    const failedMs = Date.now() - this.#period.sinceMs
    this.#period = undefined
    const messages = this.#queued()
    const text = `${this.#name}: delivers again after ${seconds(failedMs)}, ${messages} messages wait`
    if (this.#told.ended()) this.#logger.info({ failedMs, messages }, text)
    else this.#logger.debug({ failedMs, messages }, text)
  }

  status(): Pick<SinkStatus, 'failingSinceMs' | 'error' | 'retryAtMs' | 'lastDeliveredAtMs'> {
    const period = this.#period
    return {
      ...(period && { failingSinceMs: period.sinceMs, error: { code: period.error.code, message: withHint(period.error) } }),
      ...(this.retryAtMs !== undefined && { retryAtMs: this.retryAtMs }),
      ...(this.#lastDeliveredAtMs !== undefined && { lastDeliveredAtMs: this.#lastDeliveredAtMs }),
    }
  }
}

function unreferenced(work: () => void, ms: number): void {
  setTimeout(work, ms).unref()
}

function seconds(ms: number): string {
  return `${ms < 10_000 ? Math.round(ms / 100) / 10 : Math.round(ms / 1000)} s`
}

/** What to do is worth as much on /status as in the log. */
function withHint({ message, hint }: RelayError): string {
  return hint === undefined ? message : `${message} (${hint})`
}
