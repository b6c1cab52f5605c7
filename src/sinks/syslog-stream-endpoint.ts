import { type Endpoint, formatEndpoint } from '../config/formats.ts'
import type { SyslogSinkConfig } from '../config/schema.ts'
import type { StoredBatch } from '../core/batch.ts'
import { RelayError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { EndpointStatus, Outcome, Sink } from '../core/sink.ts'
import type { FormatMessage } from '../syslog/formatter.ts'
import { BatchEncoder } from './batch-encoder.ts'
import { ClientTls } from './client-tls.ts'
import { FailureLog } from './failure-log.ts'
import { outcomeOf } from './outcome.ts'
import { SendGate } from './send-gate.ts'
import { connectStream, type StreamConnection } from './stream-connection.ts'

/** Large enough for few system calls, small enough that a connection's death repeats little. */
const sliceBytes = 256 * 1024

/** What of a syslog sink's configuration concerns one connection. */
export type StreamOptions = Pick<SyslogSinkConfig, 'framing' | 'line_feeds' | 'tls' | 'connect_timeout'>

export interface EndpointContext {
  readonly format: FormatMessage | 'raw'
  /** Carries `pipeline`, `sink` and `endpoint`. */
  readonly logger: Logger
}

/**
 * Syslog to one endpoint over TCP (RFC 6587) or TLS (RFC 5425). It connects with the first message to send and keeps the
 * connection; when it is lost it says so at once, and connects again with the next send. When to try again is up to
 * whoever sends. One `send` at a time.
 */
export class SyslogStreamEndpoint implements Sink {
  readonly #endpoint: Endpoint
  readonly #name: string
  readonly #options: StreamOptions
  readonly #format: FormatMessage | 'raw'
  readonly #tls: ClientTls | undefined
  readonly #log: FailureLog
  readonly #gate = new SendGate()
  #connection: StreamConnection | undefined

  constructor(endpoint: Endpoint, options: StreamOptions, { format, logger }: EndpointContext) {
    this.#endpoint = endpoint
    this.#name = formatEndpoint(endpoint)
    this.#options = options
    this.#format = format
    this.#tls = endpoint.scheme === 'tls' ? new ClientTls(options.tls) : undefined
    this.#log = new FailureLog(logger, this.#name)
  }

  /** Rejects with TLS_MATERIAL when the configured files cannot be used. */
  async start(): Promise<void> {
    await this.#tls?.options(this.#endpoint.host)
  }

  async stop(deadline: AbortSignal): Promise<void> {
    await this.#gate.close(deadline)
    await this.#connection?.close(deadline)
  }

  async send(batch: StoredBatch, signal: AbortSignal): Promise<Outcome> {
    return this.#gate.run(signal, async (either) => {
      const encoder = new BatchEncoder(batch, {
        format: this.#format,
        framing: this.#options.framing,
        lineFeeds: this.#options.line_feeds,
        sliceBytes,
      })
      try {
        const connection = await this.#connected(either)
        const { delivered, error } = await connection.deliver(() => encoder.next(), either)
        if (delivered > 0 && connection.alive) this.#log.well()
        return outcomeOf(batch, delivered, encoder.refused, error)
      } catch (error) {
        const failure = RelayError.from(error)
        if (!either.aborted) this.#log.failed(failure)
        return outcomeOf(batch, 0, [], failure)
      }
    })
  }

  endpoints(): readonly EndpointStatus[] {
    const error = this.#log.error
    const state = this.#connection === undefined ? 'idle' : 'connected'
    return [{ endpoint: this.#name, state, ...(error && { error: { code: error.code, message: error.message } }) }]
  }

  async #connected(signal: AbortSignal): Promise<StreamConnection> {
    if (this.#connection !== undefined) return this.#connection
    const tls = await this.#tls?.options(this.#endpoint.host)
    const connection = await connectStream({ endpoint: this.#endpoint, tls, timeoutMs: this.#options.connect_timeout, signal })
    this.#connection = connection
    connection.onDeath((reason) => {
      this.#connection = undefined
      if (reason !== undefined) this.#log.failed(reason)
    })
    return connection
  }
}
