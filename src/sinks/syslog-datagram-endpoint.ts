import { isIP } from 'node:net'
import { messagesOf } from '../batch/messages.ts'
import { type Endpoint, formatEndpoint } from '../config/formats.ts'
import type { SyslogSinkConfig } from '../config/schema.ts'
import type { StoredBatch } from '../core/batch.ts'
import { RelayError } from '../core/errors.ts'
import type { EndpointSink, EndpointStatus, Outcome } from '../core/sink.ts'
import type { FormatMessage } from '../syslog/formatter.ts'
import { connectionError } from './connection-errors.ts'
import { connectDatagram, type DatagramConnection, maxDatagramBytes, messageTooLarge } from './datagram-connection.ts'
import { FailureLog } from './failure-log.ts'
import { outcomeOf, type Refusal } from './outcome.ts'
import { failureOf, SendGate } from './send-gate.ts'
import type { EndpointContext } from './syslog-stream-endpoint.ts'

/** Datagrams given to the socket before their fate is looked at. All of a window is sent again when one is refused. */
const windowMessages = 64
/** A name is looked up again this often: nothing tells a UDP sender that its receiver has moved. */
const lookupEveryMs = 60_000

/** What of a syslog sink's configuration concerns UDP. */
export type DatagramOptions = Pick<SyslogSinkConfig, 'connect_timeout'>

/**
 * Syslog over UDP (RFC 5426): one message a datagram, no framing, whatever bytes it has. "Delivered" can only mean that the
 * kernel sent it and nobody has said that the port is closed (ICMP). One `send` at a time.
 */
export class SyslogDatagramEndpoint implements EndpointSink {
  readonly #endpoint: Endpoint
  readonly #name: string
  readonly #options: DatagramOptions
  readonly #format: FormatMessage | 'raw'
  readonly #log: FailureLog
  readonly #gate = new SendGate()
  #connection: DatagramConnection | undefined

  constructor(endpoint: Endpoint, options: DatagramOptions, { format, logger }: EndpointContext) {
    this.#endpoint = endpoint
    this.#name = formatEndpoint(endpoint)
    this.#options = options
    this.#format = format
    this.#log = new FailureLog(logger, this.#name)
  }

  async start(): Promise<void> {}

  async stop(deadline: AbortSignal): Promise<void> {
    await this.#gate.close(deadline)
    this.#disconnect()
  }

  async send(batch: StoredBatch, signal: AbortSignal): Promise<Outcome> {
    return this.#gate.run(signal, async (either) => {
      const refused: Refusal[] = []
      let sent = 0
      try {
        const connection = await this.#connected(either)
        for (const window of this.#windows(batch, refused)) {
          await connection.send(window.datagrams, either, (at, error) => refused.push({ index: window.indexes[at] as number, error }))
          sent = window.end
        }
        this.#log.well()
        return outcomeOf(batch, sent, sorted(refused))
      } catch (error) {
        const failure = failureOf(either, connectionError(error, this.#name, 'connect'))
        this.#disconnect()
        if (!either.aborted || failure === either.reason) this.#log.failed(failure)
        return outcomeOf(batch, sent, sorted(refused), failure)
      }
    })
  }

  /** What is answered has left already. */
  async flush(): Promise<void> {}

  /** Nothing is ever open here but the send in flight. */
  giveUp(reason: RelayError): void {
    this.#gate.giveUp(reason)
  }

  endpoints(): readonly EndpointStatus[] {
    const error = this.#log.error
    const state = this.#connection === undefined ? 'idle' : 'connected'
    return [{ endpoint: this.#name, state, ...(error && { error: { code: error.code, message: error.message } }) }]
  }

  /** Datagrams in order, some at a time; `end` is the index after the last message of the window, the refused included. */
  *#windows(batch: StoredBatch, refused: Refusal[]): Generator<{ datagrams: Buffer[]; indexes: number[]; end: number }> {
    let datagrams: Buffer[] = []
    let indexes: number[] = []
    let index = 0
    for (const message of messagesOf(batch)) {
      try {
        const datagram = this.#format === 'raw' ? message.bytes : this.#format(message)
        if (datagram.length > maxDatagramBytes) refused.push({ index, error: messageTooLarge(datagram.length, this.#name) })
        else {
          datagrams.push(datagram)
          indexes.push(index)
        }
      } catch (error) {
        // A mistake of ours in one message must not hold up all those behind it.
        refused.push({ index, error: RelayError.from(error, 'INTERNAL', 'cannot format the message') })
      }
      index++
      if (datagrams.length < windowMessages && index < batch.ends.length) continue
      yield { datagrams, indexes, end: index }
      datagrams = []
      indexes = []
    }
  }

  async #connected(signal: AbortSignal): Promise<DatagramConnection> {
    const old = this.#connection
    const stale = old !== undefined && isIP(this.#endpoint.host) === 0 && Date.now() - old.connectedAtMs > lookupEveryMs
    if (old?.alive && !stale) return old
    this.#disconnect()
    this.#connection = await connectDatagram(this.#endpoint, this.#options.connect_timeout, signal)
    return this.#connection
  }

  #disconnect(): void {
    this.#connection?.close()
    this.#connection = undefined
  }
}

function sorted(refused: readonly Refusal[]): Refusal[] {
  return refused.toSorted((a, b) => a.index - b.index)
}
