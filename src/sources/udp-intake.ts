import type { SyslogSourceConfig } from '../config/schema.ts'
import type { Intake } from '../core/intake.ts'
import type { Logger } from '../core/logger.ts'
import type { RefusalReason } from '../core/source.ts'
import { frameDatagram, frameText } from '../framing/datagram.ts'
import type { FramingLimits } from '../framing/limits.ts'
import type { Collector } from './collector.ts'
import { LogLimit } from './log-limit.ts'
import { allowList } from './peer-address.ts'
import { ProxiedDatagrams } from './proxied-datagrams.ts'
import { proxyPolicy } from './proxy-opening.ts'
import { type SourceCounters, tellTooLong } from './source-counters.ts'
import type { DatagramBlock } from './udp-block.ts'
import { UdpOrigins, type UdpPeer } from './udp-origins.ts'
import type { DatagramHandler } from './udp-port.ts'

export interface UdpIntakeOptions {
  readonly intake: Intake
  readonly logger: Logger
  readonly collector: Collector
  readonly counters: SourceCounters
}

/** UDP cannot be held back: so much is kept for it while the queue takes nothing (a slow fsync), what comes then is dropped and counted. */
const heldBytesMax = 4 * 1024 * 1024

/** What becomes of the datagrams of one source: who may send, what is kept, what is counted. */
export class UdpIntake implements DatagramHandler {
  readonly #options: UdpIntakeOptions
  readonly #limits: FramingLimits
  readonly #origins: UdpOrigins
  readonly #logged = new LogLimit()
  readonly #openToAll: boolean
  readonly #proxied: ProxiedDatagrams | undefined
  /** Ascends with each call that brought datagrams: for whoever waits until no more come. */
  arrivals = 0

  constructor(config: SyslogSourceConfig, options: UdpIntakeOptions) {
    this.#options = options
    this.#limits = { maxMessageBytes: config.max_message_size, whenTooLong: config.when_too_long }
    const allowed = allowList(config.allow)
    const policy = proxyPolicy(config)
    this.#proxied = policy && new ProxiedDatagrams(policy, allowed)
    this.#openToAll = config.allow === undefined && policy === undefined
    this.#origins = new UdpOrigins(allowed)
  }

  datagram(datagram: Uint8Array, address: string, port: number): void {
    this.#take(datagram, this.#origins.of(address, port), Date.now())
    this.#taken()
  }

  block(block: DatagramBlock): void {
    if (this.#isPlain(block)) this.#takeAll(block)
    else this.#takeEach(block)
    this.#taken()
  }

  /** All of it becomes messages as it is. */
  #isPlain({ longest, from, to }: DatagramBlock): boolean {
    return this.#openToAll && longest <= this.#limits.maxMessageBytes && this.#hasRoom(to - from)
  }

  /** One copy for the block. */
  #takeAll(block: DatagramBlock): void {
    const { writer } = this.#options.collector
    const { framing } = this.#options.counters
    const { from, runs, timeMs } = block
    // Up to seven bytes more, which belong to no message: source and target are then aligned alike, and memory that threads share is
    // copied word by word instead of byte by byte.
    const padding = (from - writer.size) & 7
    const shift = writer.put(block.memory, from - padding, block.to) + padding - from
    for (let run = 0; run < runs; run++) {
      writer.from(this.#origins.ofSockaddr(block.sockaddr(run)).origin, timeMs)
      const end = block.runStart(run + 1)
      for (let i = block.runStart(run); i < end; i++) frameText(block.start(i) + shift, block.end(i) + shift, this.#limits, framing, writer)
    }
  }

  #takeEach(block: DatagramBlock): void {
    const { memory, runs, timeMs } = block
    for (let run = 0; run < runs; run++) {
      const peer = this.#origins.ofSockaddr(block.sockaddr(run))
      const end = block.runStart(run + 1)
      for (let i = block.runStart(run); i < end; i++) this.#take(memory.subarray(block.start(i), block.end(i)), peer, timeMs)
    }
  }

  #take(datagram: Uint8Array, peer: UdpPeer, timeMs: number): void {
    const { counters } = this.#options
    const proxied = this.#proxied?.open(datagram, peer)
    if (proxied === 'malformed') {
      this.#refuse('proxy_malformed', peer, 'datagrams refused: what began as a PROXY header is none')
    } else if (proxied === undefined) {
      this.#keep(datagram, peer, timeMs)
    } else {
      if (proxied.client !== peer) counters.proxied++
      this.#keep(proxied.text, proxied.client, timeMs)
    }
  }

  #keep(datagram: Uint8Array, peer: UdpPeer, timeMs: number): void {
    const { collector, counters, intake } = this.#options
    if (!peer.allowed) {
      this.#refuse('not_allowed', peer, 'datagrams refused: the peer is in none of the networks in allow')
    } else if (this.#hasRoom(datagram.length)) {
      collector.writer.from(peer.origin, timeMs)
      frameDatagram(datagram, this.#limits, counters.framing, collector.writer)
    } else {
      intake.drop('queue_full', 'udp', 1)
    }
  }

  #refuse(reason: RefusalReason, { origin: { peer } }: UdpPeer, text: string): void {
    this.#options.counters.refused[reason]++
    if (this.#logged.admit(reason) !== undefined) this.#options.logger.warn({ peer }, text)
  }

  #hasRoom(bytes: number): boolean {
    const { collector } = this.#options
    return !collector.pressed || collector.heldCost + bytes <= heldBytesMax
  }

  #taken(): void {
    this.arrivals++
    const { collector, counters, intake } = this.#options
    tellTooLong(counters, intake, 'udp')
    collector.wrote()
  }
}
