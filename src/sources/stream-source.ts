import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { SyslogSourceConfig } from '../config/schema.ts'
import type { Intake } from '../core/intake.ts'
import type { Logger } from '../core/logger.ts'
import { createFramer } from '../framing/create-framer.ts'
import type { ServerTls } from '../tls/server-tls.ts'
import type { Collector } from './collector.ts'
import type { ConnectionBudget } from './connection-budget.ts'
import type { Opening } from './connection-opening.ts'
import type { ListenPlan } from './listen-addresses.ts'
import { LogLimit } from './log-limit.ts'
import { allowList, peerAddress } from './peer-address.ts'
import type { RefusalReason, SourceCounters } from './source-counters.ts'
import { type ConnectionContext, StreamConnection } from './stream-connection.ts'
import { TcpListener } from './tcp-listener.ts'
import { TlsAcceptor } from './tls-acceptor.ts'

export interface StreamSourceOptions {
  readonly intake: Intake
  readonly logger: Logger
  /** Started; needed when the configuration offers TLS. */
  readonly tls?: ServerTls | undefined
  readonly collector: Collector
  readonly counters: SourceCounters
  /** Shared by all sources of the process; without it max_connections alone is the bound. */
  readonly budget?: ConnectionBudget | undefined
}

// Leaving politely: silent for so long at a frame boundary, at the next boundary after so long, at the latest after so long.
const lingerStepMs = 25
const lingerQuietMs = 100
const lingerBoundaryMs = 1000
const lingerMaxMs = 2000

/** Paused connections that go on in one turn of the event loop: each may hold a chunk of 64 KiB. */
const resumedAtOnce = 16

const unwantedText = {
  tls_not_offered: 'a peer speaks TLS on a port that does not offer it: add tls to transports or turn it off at the sender',
  plain_not_offered: 'a peer speaks plain TCP on a port that does not offer it: add tcp to transports or turn TLS on at the sender',
}
const refusedText: Record<RefusalReason, string> = {
  not_allowed: 'connections refused: the peer is in none of the networks in allow',
  too_many: 'connections refused: max_connections is reached',
  too_many_from_peer: 'connections refused: max_connections_per_peer is reached',
}
const noFilesText = 'connections refused: the process needs its other open files for queues and sinks; raise LimitNOFILE (ulimit -n)'

/** Syslog over TCP and TLS on one port: accepts within the limits, closes and opens the port, pauses and resumes reading. */
export class StreamSource {
  readonly #config: SyslogSourceConfig
  readonly #options: StreamSourceOptions
  readonly #listener: TcpListener
  readonly #allowed: (address: string) => boolean
  readonly #connections = new Set<StreamConnection>()
  readonly #perPeer = new Map<string, number>()
  readonly #waiting = new Set<StreamConnection>()
  readonly #logged = new LogLimit()
  readonly #clock = { nowMs: 0 }
  #context: ConnectionContext | undefined
  #acceptor: TlsAcceptor | undefined
  #blocked = false
  #sweep: NodeJS.Timeout | undefined
  #resuming: NodeJS.Immediate | undefined

  constructor(config: SyslogSourceConfig, options: StreamSourceOptions) {
    this.#config = config
    this.#options = options
    this.#allowed = allowList(config.allow)
    this.#listener = new TcpListener({ logger: options.logger, onConnection: (socket) => this.#accept(socket) })
  }

  get connections(): number {
    return this.#connections.size
  }

  /** Addresses and port that are open now. */
  get listening(): { addresses: string[]; port: number } {
    return { addresses: this.#listener.addresses, port: this.#listener.port }
  }

  /** Resolves with the port. Rejects with PORT_IN_USE or PORT_UNAVAILABLE. */
  async open(plan: ListenPlan, port: number): Promise<number> {
    this.#context ??= this.#newContext()
    const opened = await this.#listener.open(plan, port)
    // The port was to be had and its number is known; it opens with the first `unblock`.
    if (this.#blocked) this.#listener.close()
    if (this.#config.idle_timeout > 0 && this.#sweep === undefined) this.#startSweeping(this.#config.idle_timeout)
    return opened
  }

  /** Gives up the port, before anybody could use it. */
  close(): void {
    this.#listener.close()
  }

  block(): void {
    this.#blocked = true
    this.#listener.close()
    for (const connection of this.#connections) connection.pause()
  }

  async unblock(): Promise<void> {
    if (!this.#blocked) return
    this.#blocked = false
    for (const connection of this.#connections) this.#waiting.add(connection)
    this.relieve()
    await this.#listener.reopen()
  }

  /** The queue takes batches again: connections that wait go on, those that have waited longest first, as long as it does. */
  relieve(): void {
    clearImmediate(this.#resuming)
    let left = resumedAtOnce
    for (const connection of this.#waiting) {
      if (this.#blocked || this.#options.collector.pressed) return
      if (left-- === 0) {
        this.#resuming = setImmediate(() => this.relieve())
        return
      }
      this.#waiting.delete(connection)
      connection.resume()
    }
  }

  /** Closes the port, then every connection once it is quiet, so that what is under way is still read. */
  async stop(deadline: AbortSignal): Promise<void> {
    this.#listener.close()
    clearInterval(this.#sweep)
    for (const connection of this.#connections) connection.halfClose()
    let lingeredMs = 0
    // A blocked source reads nothing: its senders keep what they have.
    while (this.#connections.size > 0 && !deadline.aborted && lingeredMs < lingerMaxMs && !this.#blocked) {
      await delay(lingerStepMs, undefined, { signal: deadline }).catch(() => undefined)
      lingeredMs += lingerStepMs
      // Under load we pause for moments: that silence is ours, and what comes after it is still read.
      if (this.#options.collector.pressed) continue
      this.#clock.nowMs += lingerStepMs
      for (const connection of this.#connections) {
        const quietMs = Math.min(connection.silentMs, lingeredMs)
        if (connection.atBoundary && (quietMs >= lingerQuietMs || lingeredMs >= lingerBoundaryMs)) connection.close()
      }
    }
    clearImmediate(this.#resuming)
    this.#acceptor?.close()
    for (const connection of this.#connections) connection.close()
  }

  #newContext(): ConnectionContext {
    const { collector, counters, intake, logger, tls } = this.#options
    const { transports, framing, max_message_size: maxMessageBytes, when_too_long: whenTooLong } = this.#config
    if (transports.includes('tls') && tls !== undefined) {
      const onFailure = () => counters.tlsFailures++
      this.#acceptor = new TlsAcceptor({ tls, handshakeTimeoutMs: this.#config.handshake_timeout, logger, onFailure })
    }
    return {
      transports,
      intake,
      collector,
      counters,
      logger,
      acceptor: this.#acceptor,
      clock: this.#clock,
      newFramer: () => createFramer(framing, { maxMessageBytes, whenTooLong }, counters.framing),
      blocked: () => this.#blocked,
      onPaused: (connection) => this.#waiting.add(connection),
      onUnwanted: (connection, opening) => this.#unwanted(connection, opening),
      onClosed: (connection) => this.#forget(connection),
    }
  }

  #accept(socket: Socket): void {
    const { counters } = this.#options
    if (socket.remoteAddress === undefined || this.#context === undefined) {
      // It is gone already; what is left to say about it is that it brought nothing.
      counters.accepted++
      counters.healthChecks++
      socket.destroy()
      return
    }
    const peer = peerAddress(socket.remoteAddress)
    const reason = this.#refusal(peer)
    if (reason !== undefined) {
      this.#refuse(socket, peer, reason, refusedText[reason])
      return
    }
    if (this.#options.budget?.take() === false) {
      this.#refuse(socket, peer, 'too_many', noFilesText)
      return
    }
    counters.accepted++
    this.#perPeer.set(peer, (this.#perPeer.get(peer) ?? 0) + 1)
    this.#connections.add(new StreamConnection(socket, peer, this.#context))
  }

  #refuse(socket: Socket, peer: string, reason: RefusalReason, text: string): void {
    this.#options.counters.refused[reason]++
    socket.destroy()
    this.#log(text, peer, text)
  }

  #refusal(peer: string): RefusalReason | undefined {
    if (!this.#allowed(peer)) return 'not_allowed'
    if (this.#connections.size >= this.#config.max_connections) return 'too_many'
    return (this.#perPeer.get(peer) ?? 0) >= this.#config.max_connections_per_peer ? 'too_many_from_peer' : undefined
  }

  #unwanted({ peer }: StreamConnection, opening: Exclude<Opening, 'syslog' | 'tls'>): void {
    const { counters } = this.#options
    if (opening === 'tls_not_offered') counters.tlsFailures++
    else counters.refused.not_allowed++
    this.#log(opening, peer, unwantedText[opening])
  }

  #log(kind: string, peer: string, text: string): void {
    const silent = this.#logged.admit(kind)
    if (silent !== undefined) this.#options.logger.warn(silent === 0 ? { peer } : { peer, suppressed: silent }, text)
  }

  #forget(connection: StreamConnection): void {
    if (this.#connections.delete(connection)) this.#options.budget?.giveBack()
    this.#waiting.delete(connection)
    const left = (this.#perPeer.get(connection.peer) ?? 1) - 1
    if (left === 0) this.#perPeer.delete(connection.peer)
    else this.#perPeer.set(connection.peer, left)
  }

  /** One timer for all connections. Its clock stands still while we do not read, so that silence of our own making is nobody's fault. */
  #startSweeping(idleMs: number): void {
    const stepMs = Math.min(1000, Math.max(10, Math.floor(idleMs / 10)))
    let last = performance.now()
    this.#sweep = setInterval(() => {
      const now = performance.now()
      // A step that took far longer was a process that stood still as a whole.
      if (!this.#blocked && !this.#options.collector.pressed) this.#clock.nowMs += Math.min(now - last, 2 * stepMs)
      last = now
      for (const connection of this.#connections) if (connection.silentMs >= idleMs) this.#closeIdle(connection)
    }, stepMs).unref()
  }

  #closeIdle(connection: StreamConnection): void {
    this.#options.counters.idleTimeouts++
    connection.close()
  }
}
