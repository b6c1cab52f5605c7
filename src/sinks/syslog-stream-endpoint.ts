import { type Endpoint, formatEndpoint } from '../config/formats.ts'
import type { SyslogSinkConfig } from '../config/schema.ts'
import type { StoredBatch } from '../core/batch.ts'
import type { RelayError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { EndpointSink, EndpointStatus, Outcome } from '../core/sink.ts'
import type { ReadTcpState } from '../native/tcp-state.ts'
import { expiryOf } from '../retry/connection-age.ts'
import type { FormatMessage } from '../syslog/formatter.ts'
import { BatchEncoder } from './batch-encoder.ts'
import { ClientTls } from './client-tls.ts'
import { connectStream } from './connect-stream.ts'
import { FailureLog } from './failure-log.ts'
import { outcomeOf, unsettledOutcome } from './outcome.ts'
import { failureOf, SendGate } from './send-gate.ts'
import type { SettlingOptions, StreamConnection } from './stream-connection.ts'

/** Large enough for few system calls, small enough that a connection's death repeats little. */
const sliceBytes = 256 * 1024

const never = new AbortController().signal

/** What of a syslog sink's configuration concerns one connection. */
export type StreamOptions = Pick<
  SyslogSinkConfig,
  'framing' | 'line_feeds' | 'tls' | 'connect_timeout' | 'max_unsettled_bytes' | 'max_connection_age'
>

export interface EndpointContext {
  readonly format: FormatMessage | 'raw'
  /** Carries `pipeline`, `sink` and `endpoint`. */
  readonly logger: Logger
  /** For TCP and TLS: undefined where the kernel cannot be asked. */
  readonly readTcpState?: ReadTcpState | undefined
}

/**
 * Syslog to one endpoint over TCP (RFC 6587) or TLS (RFC 5425). It connects with the first message to send and keeps the
 * connection; when it is lost it says so at once, and connects again with the next send. When to try again is up to
 * whoever sends. One `send` at a time. Neither protocol acknowledges a message: what was written is unsettled until the
 * receiver can be taken to have read it (settlement.ts).
 */
export class SyslogStreamEndpoint implements EndpointSink {
  readonly #endpoint: Endpoint
  readonly #name: string
  readonly #options: StreamOptions
  readonly #format: FormatMessage | 'raw'
  readonly #tls: ClientTls | undefined
  readonly #logger: Logger
  readonly #log: FailureLog
  readonly #gate = new SendGate()
  readonly #settling: SettlingOptions
  #connection: StreamConnection | undefined
  #expiresAtMs = 0
  /** Written to no more: kept until the fate of what was written shows. */
  readonly #leaving = new Set<StreamConnection>()
  #toldBlind = false

  constructor(endpoint: Endpoint, options: StreamOptions, { format, logger, readTcpState }: EndpointContext) {
    this.#endpoint = endpoint
    this.#name = formatEndpoint(endpoint)
    this.#options = options
    this.#format = format
    this.#tls = endpoint.scheme === 'tls' ? new ClientTls(options.tls) : undefined
    this.#logger = logger
    this.#log = new FailureLog(logger, this.#name)
    this.#settling = { readTcpState, maxUnsettledBytes: options.max_unsettled_bytes }
  }

  /** Rejects with TLS_MATERIAL when the configured files cannot be used. */
  async start(): Promise<void> {
    await this.#tls?.options(this.#endpoint.host)
  }

  async stop(deadline: AbortSignal): Promise<void> {
    await this.#gate.close(deadline)
    for (const connection of this.#leaving) connection.destroy()
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
        const delivery = await connection.deliver(() => encoder.next(), either)
        if (delivery.error === undefined) this.#log.well()
        return unsettledOutcome(batch, delivery, encoder.refused)
      } catch (error) {
        const failure = failureOf(either, error)
        if (!either.aborted || failure === either.reason) this.#log.failed(failure)
        return outcomeOf(batch, 0, [], failure)
      }
    })
  }

  /** Ends the connection, if anything is open on it: the receiver's end of it tells that it has read everything. */
  async flush(signal: AbortSignal): Promise<void> {
    this.#leave()
    await Promise.all([...this.#leaving].map((connection) => connection.flush(signal)))
  }

  giveUp(reason: RelayError): void {
    for (const connection of this.#connections()) connection.destroy(reason)
    this.#gate.giveUp(reason)
  }

  endpoints(): readonly EndpointStatus[] {
    const error = this.#log.error
    const state = this.#connection === undefined ? 'idle' : 'connected'
    return [{ endpoint: this.#name, state, ...(error && { error: { code: error.code, message: error.message } }) }]
  }

  async #connected(signal: AbortSignal): Promise<StreamConnection> {
    this.#retire()
    if (this.#connection !== undefined) return this.#connection
    const tls = await this.#tls?.options(this.#endpoint.host)
    const timeoutMs = this.#options.connect_timeout
    const connection = await connectStream({ endpoint: this.#endpoint, tls, timeoutMs, signal, settling: this.#settling })
    this.#connection = connection
    this.#expiresAtMs = expiryOf(performance.now(), this.#options.max_connection_age)
    connection.onDeath((reason) => {
      if (this.#connection === connection) this.#connection = undefined
      this.#leaving.delete(connection)
      if (reason !== undefined) this.#log.failed(reason)
    })
    connection.onStuck = () => {
      // One at a time: a receiver that hangs does not answer, and is not to be given connection after connection.
      if (this.#leaving.size === 0) void this.flush(never)
    }
    if (!connection.tells) this.#tellBlind()
    return connection
  }

  /** A connection that is too old is ended behind its last message, which goes on to be settled. */
  #retire(): void {
    // One at a time, as with those that are stuck.
    if (this.#connection === undefined || this.#leaving.size > 0 || performance.now() < this.#expiresAtMs) return
    const old = this.#connection
    this.#connection = undefined
    this.#leaving.add(old)
    void (old.open ? old.flush(never) : old.close(never))
  }

  #connections(): StreamConnection[] {
    return this.#connection === undefined ? [...this.#leaving] : [...this.#leaving, this.#connection]
  }

  #leave(): void {
    const connection = this.#connection
    if (connection === undefined || !connection.open) return
    this.#connection = undefined
    this.#leaving.add(connection)
  }

  #tellBlind(): void {
    if (this.#toldBlind) return
    this.#toldBlind = true
    this.#logger.warn({}, `this system does not tell what ${this.#name} has read: what it holds unread when it dies is lost`)
  }
}
