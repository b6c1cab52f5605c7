import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { ListeningSourceConfig } from '../config/schema.ts'
import type { Intake } from '../core/intake.ts'
import type { Logger } from '../core/logger.ts'
import type { ServerTls } from '../tls/server-tls.ts'
import { Admission } from './admission.ts'
import type { Collector } from './collector.ts'
import type { ConnectionBudget } from './connection-budget.ts'
import type { Opening } from './connection-opening.ts'
import { ConnectionSweep } from './connection-sweep.ts'
import type { ListenPlan } from './listen-addresses.ts'
import { LogLimit } from './log-limit.ts'
import { peerAddress } from './peer-address.ts'
import { ProxyOpening, type ProxyPolicy, proxyPolicy } from './proxy-opening.ts'
import type { SourceCounters } from './source-counters.ts'
import { type ConnectionContext, StreamConnection } from './stream-connection.ts'
import type { StreamProtocol } from './stream-protocol.ts'
import { TcpListener } from './tcp-listener.ts'
import { TlsAcceptor } from './tls-acceptor.ts'

export interface StreamSourceOptions {
  readonly intake: Intake
  readonly logger: Logger
  readonly protocol: StreamProtocol
  /** Started; needed when the configuration offers TLS. */
  readonly tls?: ServerTls | undefined
  readonly collector: Collector
  readonly counters: SourceCounters
  /** Shared by all sources of the process; without it max_connections alone is the bound. */
  readonly budget?: ConnectionBudget | undefined
  /** Default: half a minute. */
  readonly answerTimeoutMs?: number | undefined
}

/** For peers that do not read what we answer, or do not go when all is said. */
const answerTimeoutMs = 30_000

// Leaving politely: silent for so long at a frame boundary (a packet that was lost comes again after 200 ms, RFC 6298 and Linux),
// at the next boundary after so long, at the latest after so long.
const lingerStepMs = 25
const short = { quietMs: 300, boundaryMs: 1000, maxMs: 2000 }
/** For senders far away, and for those whose systems wait longer from try to try, since we have read nothing for a while. */
const long = { quietMs: 1000, boundaryMs: 5000, maxMs: 10_000 }

/** Paused connections that go on in one turn of the event loop: each may hold a chunk of 64 KiB. */
const resumedAtOnce = 16

const unwantedText = {
  tls_not_offered: 'a peer speaks TLS on a port that does not offer it: add tls to transports or turn it off at the sender',
  plain_not_offered: 'a peer speaks plain TCP on a port that does not offer it: add tcp to transports or turn TLS on at the sender',
}

/** One protocol over TCP and TLS on one port: accepts within the limits, closes and opens the port, pauses and resumes reading. */
export class StreamSource {
  readonly #config: ListeningSourceConfig
  readonly #options: StreamSourceOptions
  readonly #listener: TcpListener
  readonly #admission: Admission
  readonly #proxies: ProxyPolicy | undefined
  readonly #sweep: ConnectionSweep
  /** With the client under whose name each was admitted; undefined while that is open. */
  readonly #connections = new Map<StreamConnection, string | undefined>()
  readonly #waiting = new Set<StreamConnection>()
  readonly #logged = new LogLimit()
  readonly #clock = { nowMs: 0 }
  #context: ConnectionContext | undefined
  #acceptor: TlsAcceptor | undefined
  #blocked = false
  #leaving = false
  #resuming: NodeJS.Immediate | undefined

  constructor(config: ListeningSourceConfig, options: StreamSourceOptions) {
    this.#config = config
    this.#options = options
    this.#admission = new Admission(config, options)
    this.#proxies = proxyPolicy(config)
    this.#sweep = new ConnectionSweep(config, {
      clock: this.#clock,
      counters: options.counters,
      connections: () => this.#connections.keys(),
      reading: () => !this.#blocked && !options.collector.pressed,
    })
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
    let opened: number
    try {
      opened = await this.#listener.open(plan, port)
    } catch (error) {
      this.close()
      throw error
    }
    // The port was to be had and its number is known; it opens with the first `unblock`.
    if (this.#blocked) this.#listener.close()
    this.#sweep.start()
    return opened
  }

  /** Gives up the port, and whoever has connected while another address or UDP was still to be opened. */
  close(): void {
    this.#listener.close()
    this.#sweep.stop()
    this.#acceptor?.close()
    for (const connection of this.#connections.keys()) connection.close()
    this.#context = undefined
  }

  block(): void {
    this.#blocked = true
    this.#listener.close()
    for (const connection of this.#connections.keys()) connection.holdBack()
  }

  async unblock(): Promise<void> {
    if (!this.#blocked) return
    this.#blocked = false
    for (const connection of this.#connections.keys()) this.#waiting.add(connection)
    this.relieve()
    if (!this.#leaving) await this.#listener.reopen()
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

  /**
   * Closes the port for good, asks every connection to leave and closes it once it is quiet, so that what is under way is still
   * read. While the source is blocked that waits for `unblock`: what stands in the buffers between is sent for those who sent it.
   */
  async leave(deadline: AbortSignal, { patient = false } = {}): Promise<void> {
    this.#leaving = true
    this.#listener.close()
    this.#sweep.stop()
    for (const connection of this.#connections.keys()) connection.leave()
    let lingeredMs = 0
    let linger = patient ? long : short
    while (this.#connections.size > 0 && !deadline.aborted && lingeredMs < linger.maxMs) {
      await delay(lingerStepMs, undefined, { signal: deadline }).catch(() => undefined)
      if (this.#blocked) linger = long
      // Under load we pause for moments: that silence is ours, and what comes after it is still read.
      if ((this.#blocked || this.#options.collector.pressed) && this.#unread > 0) continue
      lingeredMs += lingerStepMs
      this.#clock.nowMs += lingerStepMs
      for (const connection of this.#connections.keys()) {
        const quietMs = Math.min(connection.silentMs, lingeredMs)
        if (connection.atBoundary && (quietMs >= linger.quietMs || lingeredMs >= linger.boundaryMs)) connection.close()
      }
    }
  }

  /** Closes whatever is left, after a `leave` unless there was one. */
  async stop(deadline: AbortSignal): Promise<void> {
    if (!this.#leaving) await this.leave(deadline)
    clearImmediate(this.#resuming)
    this.#acceptor?.close()
    this.#tellUnread()
    for (const connection of this.#connections.keys()) connection.close()
  }

  /** Connections over plain TCP and TLS: those of RELP were sent elsewhere with what is not acknowledged. */
  get #unread(): number {
    return [...this.#connections.keys()].filter(({ unread }) => unread).length
  }

  #tellUnread(): void {
    const connections = this.#unread
    if (connections === 0) return
    const text = `${connections} connections are closed unread, as there was no room for what they brought: what their senders' systems had taken is lost`
    this.#options.logger.error({ connections }, text)
  }

  #newContext(): ConnectionContext {
    const { collector, counters, intake, logger, protocol, tls } = this.#options
    const { transports, handshake_timeout: handshakeTimeoutMs } = this.#config
    if (tls !== undefined && this.#config.transports.some((transport) => transport === 'tls')) {
      const onFailure = () => counters.tlsFailures++
      const onEof = () => counters.tlsEofs++
      this.#acceptor = new TlsAcceptor({ tls, handshakeTimeoutMs, logger, onFailure, onEof })
    }
    return {
      transports,
      protocol,
      answerTimeoutMs: this.#options.answerTimeoutMs ?? answerTimeoutMs,
      intake,
      collector,
      counters,
      logger,
      acceptor: this.#acceptor,
      clock: this.#clock,
      blocked: () => this.#blocked,
      admit: (connection) => this.#admit(connection),
      onPaused: (connection) => this.#waiting.add(connection),
      onUnwanted: (connection, opening) => this.#unwanted(connection, opening),
      onRefused: ({ peer }, reason, why) => this.#admission.refuse(reason, peer, undefined, why),
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
    const proxies = this.#proxies?.required || this.#proxies?.trusts(peer) ? this.#proxies : undefined
    const proxy = proxies && new ProxyOpening(peer, proxies, this.#config.handshake_timeout)
    // Behind a load balancer the client is known later.
    const admitted = proxy === undefined && this.#admission.admit(peer)
    if (proxy === undefined && !admitted) return void socket.destroy()
    if (!this.#admission.enter(peer)) {
      if (admitted) this.#admission.dismiss(peer)
      return void socket.destroy()
    }
    counters.accepted++
    this.#connections.set(new StreamConnection(socket, peer, this.#context, proxy), admitted ? peer : undefined)
  }

  #admit(connection: StreamConnection): boolean {
    if (!this.#admission.admit(connection.peer)) return false
    this.#connections.set(connection, connection.peer)
    return true
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
    const client = this.#connections.get(connection)
    if (client !== undefined) this.#admission.dismiss(client)
    if (this.#connections.delete(connection)) this.#admission.leave()
    this.#waiting.delete(connection)
  }
}
