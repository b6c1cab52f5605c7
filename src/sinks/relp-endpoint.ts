import { type Endpoint, formatEndpoint } from '../config/formats.ts'
import type { SyslogSinkConfig } from '../config/schema.ts'
import type { StoredBatch } from '../core/batch.ts'
import type { RelayError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { EndpointSink, EndpointStatus, Outcome } from '../core/sink.ts'
import { expiryOf } from '../retry/connection-age.ts'
import type { FormatMessage } from '../syslog/formatter.ts'
import { BatchEncoder } from './batch-encoder.ts'
import { ClientTls } from './client-tls.ts'
import type { Fate } from './delivery.ts'
import { FailureLog } from './failure-log.ts'
import { openRelp } from './open-relp.ts'
import { outcomeOf, unsettledOutcome } from './outcome.ts'
import type { RelpConnection } from './relp-connection.ts'
import { failureOf, SendGate } from './send-gate.ts'
import type { EndpointContext } from './syslog-stream-endpoint.ts'

const sliceBytes = 256 * 1024
/** How long a server may take to answer the close of a connection on which nothing is open. */
const closeMs = 10_000
const never = new AbortController().signal

/** What of a syslog sink's configuration concerns one connection. */
export type RelpOptions = Pick<SyslogSinkConfig, 'tls' | 'connect_timeout' | 'max_unsettled_bytes' | 'max_connection_age'>

/**
 * Syslog to one endpoint over RELP 1, on TCP or TLS: each message is acknowledged by the server, and only then delivered.
 * It connects with the first message to send and keeps the connection; when it is lost, exactly what is not acknowledged is to
 * be sent again. When to try again is up to whoever sends. One `send` at a time.
 */
export class RelpEndpoint implements EndpointSink {
  readonly #endpoint: Endpoint
  readonly #name: string
  readonly #options: RelpOptions
  readonly #format: FormatMessage | 'raw'
  readonly #tls: ClientTls | undefined
  readonly #logger: Logger
  readonly #log: FailureLog
  readonly #gate = new SendGate()
  #connection: RelpConnection | undefined
  #expiresAtMs = 0
  /** Too old to be written to: kept until everything on it is acknowledged. */
  readonly #leaving = new Set<RelpConnection>()

  constructor(endpoint: Endpoint, options: RelpOptions, { format, logger }: Omit<EndpointContext, 'readTcpState'>) {
    this.#endpoint = endpoint
    this.#name = formatEndpoint(endpoint)
    this.#options = options
    this.#format = format
    this.#tls = endpoint.scheme === 'relps' ? new ClientTls(options.tls) : undefined
    this.#logger = logger
    this.#log = new FailureLog(logger, this.#name)
  }

  /** Rejects with TLS_MATERIAL when the configured files cannot be used. */
  async start(): Promise<void> {
    await this.#tls?.options(this.#endpoint.host)
  }

  async stop(deadline: AbortSignal): Promise<void> {
    await this.#gate.close(deadline)
    await Promise.all(this.#connections().map((connection) => connection.close(deadline)))
  }

  async send(batch: StoredBatch, signal: AbortSignal): Promise<Outcome> {
    return this.#gate.run(signal, async (either) => {
      try {
        const connection = await this.#connected(either)
        const encoder = new BatchEncoder(batch, {
          format: this.#format,
          framing: 'relp',
          firstTxnr: connection.nextTxnr,
          // Slices are written whole.
          sliceBytes: Math.min(sliceBytes, this.#options.max_unsettled_bytes),
        })
        const delivery = await connection.deliver(() => encoder.next(), encoder.refused, either)
        this.#watch(delivery.fate)
        return unsettledOutcome(batch, delivery, encoder.refused)
      } catch (error) {
        const failure = failureOf(either, error)
        if (!either.aborted || failure === either.reason) this.#log.failed(failure)
        return outcomeOf(batch, 0, [], failure)
      }
    })
  }

  /** Waits until everything written is acknowledged. */
  async flush(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#connections().map((connection) => connection.settled(signal)))
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

  async #connected(signal: AbortSignal): Promise<RelpConnection> {
    this.#retire()
    if (this.#connection !== undefined) return this.#connection
    const connection = await openRelp({
      endpoint: this.#endpoint,
      tls: await this.#tls?.options(this.#endpoint.host),
      timeoutMs: this.#options.connect_timeout,
      signal,
      maxUnsettledBytes: this.#options.max_unsettled_bytes,
    })
    this.#connection = connection
    this.#expiresAtMs = expiryOf(performance.now(), this.#options.max_connection_age)
    connection.onDeath((reason) => this.#lost(connection, reason))
    return connection
  }

  #lost(connection: RelpConnection, reason: RelayError | undefined): void {
    if (this.#connection === connection) this.#connection = undefined
    this.#leaving.delete(connection)
    if (reason === undefined) return
    if (connection.leavesPolitely) this.#logger.debug({}, reason.message)
    else this.#log.failed(reason)
  }

  /** A connection that is too old is closed once everything on it is acknowledged; the next send opens another. */
  #retire(): void {
    // One at a time: a server that hangs does not answer, and is not to be given connection after connection.
    if (this.#connection === undefined || this.#leaving.size > 0 || performance.now() < this.#expiresAtMs) return
    const old = this.#connection
    this.#connection = undefined
    this.#leaving.add(old)
    void old.settled(never).then(() => old.close(AbortSignal.timeout(closeMs)))
  }

  #connections(): RelpConnection[] {
    return this.#connection === undefined ? [...this.#leaving] : [...this.#leaving, this.#connection]
  }

  /** It works when it acknowledges. Not in `send`, where it would hold the batch. */
  #watch(fate: Promise<Fate>): void {
    void fate.then(({ error }) => error === undefined && this.#log.well())
  }
}
