import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { isIPv4 } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import type { SyslogSourceConfig } from '../config/schema.ts'
import type { Intake } from '../core/intake.ts'
import type { Logger } from '../core/logger.ts'
import { frameDatagram } from '../framing/datagram.ts'
import type { Collector } from './collector.ts'
import { type BoundAddress, kernelDrops } from './kernel-drops.ts'
import { bindAll, bindError, type ListenPlan } from './listen-addresses.ts'
import { LogLimit } from './log-limit.ts'
import { allowList } from './peer-address.ts'
import { type SourceCounters, tellTooLong } from './source-counters.ts'
import { UdpOrigins } from './udp-origins.ts'

export interface UdpSourceOptions {
  readonly intake: Intake
  readonly logger: Logger
  readonly collector: Collector
  readonly counters: SourceCounters
  /** How to ask the kernel what it dropped; default: /proc/net/udp. */
  readonly readDrops?: typeof kernelDrops
  /** How often. */
  readonly checkDropsMs?: number
}

interface Bound extends BoundAddress {
  readonly socket: Socket
  /** Kernel drops that were counted already. */
  dropped: number
}

/** UDP cannot be held back: so much is kept for it while the queue takes nothing, what comes then is dropped and counted. */
const heldBytesMax = 4 * 1024 * 1024
// At stop: turns of the event loop without a datagram that mean the socket's buffer is empty, and the most turns that are taken.
const quietTurns = 2
const maxTurns = 10_000

/** Syslog over UDP (RFC 5426): one datagram, one message. */
export class UdpSource {
  readonly #options: UdpSourceOptions
  readonly #receiveBuffer: number
  readonly #limits: { maxMessageBytes: number; whenTooLong: 'truncate' | 'reject' }
  readonly #origins: UdpOrigins
  readonly #logged = new LogLimit()
  #bound: Bound[] = []
  #datagrams = 0
  #timer: NodeJS.Timeout | undefined
  #checking: Promise<void> | undefined

  constructor(config: SyslogSourceConfig, options: UdpSourceOptions) {
    this.#options = options
    this.#receiveBuffer = config.receive_buffer
    this.#limits = { maxMessageBytes: config.max_message_size, whenTooLong: config.when_too_long }
    this.#origins = new UdpOrigins(allowList(config.allow))
  }

  get listening(): readonly BoundAddress[] {
    return this.#bound.map(({ address, port }) => ({ address, port }))
  }

  /** Resolves with the port, which the system chose if `port` is 0. Rejects with PORT_IN_USE or PORT_UNAVAILABLE. */
  async open(plan: ListenPlan, port: number): Promise<number> {
    let chosen = port
    const bind = async (address: string) => {
      const bound = await this.#bind(address, chosen)
      chosen = bound.port
      return bound
    }
    try {
      this.#bound = await bindAll(plan, bind, ({ socket }) => socket.close())
    } catch (error) {
      throw bindError(error, 'UDP', plan.host, port)
    }
    this.#checkBuffers()
    this.#timer = setInterval(() => this.#countKernelDrops(), this.#options.checkDropsMs ?? 1000).unref()
    return chosen
  }

  /** Reads what the sockets still hold, counts what the kernel dropped, and closes them. */
  async stop(deadline: AbortSignal): Promise<void> {
    clearInterval(this.#timer)
    for (let turns = 0, quiet = 0; turns < maxTurns && quiet < quietTurns && !deadline.aborted && this.#bound.length > 0; turns++) {
      const before = this.#datagrams
      await turn()
      quiet = this.#datagrams === before ? quiet + 1 : 0
    }
    await this.#countKernelDrops()
    for (const { socket } of this.#bound) socket.close()
    this.#bound = []
  }

  #bind(address: string, port: number): Promise<Bound> {
    const socket = createSocket({ type: isIPv4(address) ? 'udp4' : 'udp6', ipv6Only: false })
    return new Promise((resolve, reject) => {
      socket.once('error', (error) => {
        socket.close()
        reject(error)
      })
      socket.bind({ address, port, exclusive: true }, () => {
        socket.removeAllListeners('error')
        socket.on('error', (error) => this.#failed(error))
        socket.on('message', (datagram, from) => this.#receive(datagram, from))
        resolve({ socket, address, port: socket.address().port, dropped: 0 })
      })
    })
  }

  #receive(datagram: Buffer, from: RemoteInfo): void {
    const { collector, counters, intake } = this.#options
    this.#datagrams++
    const { origin, allowed } = this.#origins.of(from.address, from.port)
    if (!allowed) {
      counters.refused.not_allowed++
      if (this.#logged.admit('not_allowed') !== undefined) {
        this.#options.logger.warn({ peer: origin.peer }, 'datagrams refused: the peer is in none of the networks in allow')
      }
      return
    }
    if (collector.pressed && collector.heldBytes + datagram.length > heldBytesMax) {
      intake.drop('queue_full', 'udp', 1)
      return
    }
    collector.writer.from(origin, Date.now())
    frameDatagram(datagram, this.#limits, counters.framing, collector.writer)
    tellTooLong(counters, intake, 'udp')
    collector.wrote()
  }

  /** The system grants what it likes, silently. */
  #checkBuffers(): void {
    for (const { socket } of this.#bound) {
      let granted = 0
      try {
        socket.setRecvBufferSize(this.#receiveBuffer)
        // Linux doubles the value for its own bookkeeping, and answers with the double (socket(7)).
        granted = socket.getRecvBufferSize() / 2
      } catch (error) {
        this.#options.logger.warn({ err: error }, 'the UDP receive buffer cannot be set')
        continue
      }
      if (granted >= this.#receiveBuffer) continue
      // Not a warning yet: the kernel's drops are, once there are any.
      this.#options.logger.info(
        { wanted: this.#receiveBuffer, granted },
        `the system grants a smaller UDP receive buffer than receive_buffer asks for: sysctl -w net.core.rmem_max=${this.#receiveBuffer}`,
      )
      return
    }
  }

  /** One look at a time; a second caller waits for the one under way. */
  #countKernelDrops(): Promise<void> {
    this.#checking ??= this.#lookForDrops().finally(() => {
      this.#checking = undefined
    })
    return this.#checking
  }

  async #lookForDrops(): Promise<void> {
    const readDrops = this.#options.readDrops ?? kernelDrops
    let lost = 0
    for (const bound of this.#bound) {
      const drops = (await readDrops(bound)) ?? bound.dropped
      lost += drops - bound.dropped
      bound.dropped = drops
    }
    if (lost <= 0) return
    this.#options.intake.drop('kernel', 'udp', lost)
    const silent = this.#logged.admit('kernel')
    if (silent === undefined) return
    this.#options.logger.warn(
      { messages: lost },
      'the kernel dropped datagrams: raise receive_buffer, and sysctl net.core.rmem_max with it',
    )
  }

  #failed(error: Error): void {
    if (this.#logged.admit(error.message) !== undefined) this.#options.logger.error({ err: error }, 'a UDP socket reported an error')
  }
}
