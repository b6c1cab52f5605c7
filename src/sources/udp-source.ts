import { readFile } from 'node:fs/promises'
import type { SyslogSourceConfig } from '../config/schema.ts'
import { wait } from '../retry/backoff.ts'
import type { BoundAddress } from './kernel-drops.ts'
import { bindAll, bindError, type ListenPlan } from './listen-addresses.ts'
import { LogLimit } from './log-limit.ts'
import { UdpIntake, type UdpIntakeOptions } from './udp-intake.ts'
import type { UdpPort, UdpPorts } from './udp-port.ts'

const quietMs = 5000

export interface UdpSourceOptions extends UdpIntakeOptions {
  readonly ports: UdpPorts
  /** How often the kernel is asked what it dropped. */
  readonly checkDropsMs?: number
}

/** Syslog over UDP (RFC 5426): one datagram, one message. */
export class UdpSource {
  readonly #options: UdpSourceOptions
  readonly #config: SyslogSourceConfig
  readonly #intake: UdpIntake
  readonly #logged = new LogLimit()
  #open: readonly UdpPort[] = []
  #timer: NodeJS.Timeout | undefined
  #checking: Promise<void> | undefined
  #stopping: Promise<void> | undefined

  constructor(config: SyslogSourceConfig, options: UdpSourceOptions) {
    this.#options = options
    this.#config = config
    this.#intake = new UdpIntake(config, options)
  }

  get listening(): readonly BoundAddress[] {
    return this.#open.map(({ address, port }) => ({ address, port }))
  }

  /** Resolves with the port, which the system chose if `port` is 0. Rejects with PORT_IN_USE or PORT_UNAVAILABLE. */
  async open(plan: ListenPlan, port: number): Promise<number> {
    const { receive_buffer: receiveBuffer, udp_sockets: sockets } = this.#config
    let chosen = port
    const bind = async (address: string) => {
      const opened = await this.#options.ports.open({ address, port: chosen, receiveBuffer, sockets }, this.#intake)
      chosen = opened.port
      return opened
    }
    const closing: Promise<void>[] = []
    try {
      this.#open = await bindAll(plan, bind, (opened) => closing.push(opened.close()))
    } catch (error) {
      // The receiver thread lets go of a socket in its own time, and whoever hears of the failure may bind again at once.
      await Promise.all(closing)
      throw bindError(error, 'UDP', plan.host, port)
    }
    await this.#tellBuffer()
    this.#timer = setInterval(() => this.#countKernelDrops(), this.#options.checkDropsMs ?? 1000).unref()
    return chosen
  }

  /** Goes on reading until nothing has come for five seconds, at the latest until the signal aborts: load balancers turn away only now. */
  async quiet(deadline: AbortSignal): Promise<void> {
    for (let seen = -1; seen !== this.#intake.arrivals && !deadline.aborted; ) {
      seen = this.#intake.arrivals
      await wait(quietMs, deadline)
    }
  }

  /** Reads what the sockets still hold, counts what the kernel dropped, and closes them. */
  stop(deadline: AbortSignal): Promise<void> {
    this.#stopping ??= this.#stop(deadline).finally(() => {
      this.#stopping = undefined
    })
    return this.#stopping
  }

  async #stop(deadline: AbortSignal): Promise<void> {
    clearInterval(this.#timer)
    const ports = this.#open
    await Promise.all(ports.map((port) => port.drain(deadline)))
    // A look that was under way may have been too early.
    await this.#checking
    await this.#countKernelDrops()
    this.#open = []
    await Promise.all(ports.map((port) => port.close()))
  }

  /** The system grants what it likes, silently. */
  async #tellBuffer(): Promise<void> {
    const { logger } = this.#options
    const wanted = this.#config.receive_buffer
    const granted = Math.min(...this.#open.map(({ receiveBuffer }) => receiveBuffer))
    // Not a warning yet: the kernel's drops are, once there are any.
    if (granted < wanted) {
      const rmemMax = await readFile('/proc/sys/net/core/rmem_max', 'latin1').then(Number, () => undefined)
      logger.info(
        { wanted, granted, rmemMax },
        `the system grants a smaller UDP receive buffer than receive_buffer asks for: sysctl -w net.core.rmem_max=${wanted}`,
      )
    } else logger.debug({ granted }, 'the UDP receive buffer is as large as receive_buffer asks for')
  }

  /** One look at a time; a second caller waits for the one under way. */
  #countKernelDrops(): Promise<void> {
    this.#checking ??= this.#lookForDrops().finally(() => {
      this.#checking = undefined
    })
    return this.#checking
  }

  async #lookForDrops(): Promise<void> {
    let lost = 0
    for (const port of this.#open) lost += await port.newDrops()
    if (lost <= 0) return
    this.#options.intake.drop('kernel', 'udp', lost)
    const silent = this.#logged.admit('kernel')
    if (silent === undefined) return
    this.#options.logger.warn(
      { messages: lost },
      'the kernel dropped datagrams: raise receive_buffer, and sysctl net.core.rmem_max with it',
    )
  }
}
