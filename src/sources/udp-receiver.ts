import type { RelayError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { ThreadCode } from '../native/embedded.ts'
import { type Koffi, loadKoffi, withLibc } from '../native/koffi.ts'
import { type UdpSocket, type UdpSocketCalls, udpSocketCalls } from '../native/udp-sockets.ts'
import { openWakeUp, type WakeUp } from '../native/wake-up.ts'
import { openDgramPort } from './udp-dgram.ts'
import type { DatagramHandler, UdpPort, UdpPortSettings, UdpPorts } from './udp-port.ts'
import { UdpThread } from './udp-thread.ts'
import { ThreadPort } from './udp-thread-port.ts'

export interface UdpReceiverOptions {
  readonly logger: Logger
  /** Default: koffi, where it can be had. */
  readonly load?: () => Koffi | RelayError
  /** What the thread runs; default: udp-receiver-thread. */
  readonly threadCode?: ThreadCode | undefined
}

interface Calls extends UdpSocketCalls {
  openWakeUp(): WakeUp
}

/**
 * The UDP ports of a process: all of them are read by one thread, which lives as long as one of them is open. Where the C
 * library cannot be called, Node.js reads them.
 */
export class UdpReceiver implements UdpPorts {
  readonly #logger: Logger
  readonly #load: () => Koffi | RelayError
  readonly #threadCode: ThreadCode | undefined
  #calls: Calls | 'none' | undefined
  #thread: UdpThread | undefined
  readonly #ports = new Set<ThreadPort>()

  constructor({ logger, load = loadKoffi, threadCode }: UdpReceiverOptions) {
    this.#threadCode = threadCode
    this.#logger = logger
    this.#load = load
  }

  async open(settings: UdpPortSettings, handler: DatagramHandler): Promise<UdpPort> {
    this.#calls ??= this.#bindCalls()
    const calls = this.#calls
    const onError = (error: Error) => this.#logger.error({ err: error }, 'a UDP socket reported an error')
    if (calls === 'none') return openDgramPort(settings, handler, { onError })
    const { address, receiveBuffer, sockets } = settings
    const opened = calls.open(address, settings.port, receiveBuffer, sockets)
    const thread = this.#startedFor(opened, calls)
    const port = new ThreadPort({ address, sockets: opened, calls, thread, handler, onError, onClose: () => this.#closed(port) })
    this.#ports.add(port)
    await thread.ready
    return port
  }

  #startedFor(sockets: readonly UdpSocket[], calls: Calls): UdpThread {
    try {
      return this.#started(calls)
    } catch (error) {
      for (const { fd } of sockets) calls.close(fd)
      throw error
    }
  }

  #bindCalls(): Calls | 'none' {
    const onError = (error: RelayError) => {
      this.#logger.warn(
        { err: error },
        'the C library cannot be called: Node.js reads UDP itself, which costs several times the processor time and loses datagrams sooner',
      )
    }
    return withLibc<Calls | 'none'>(
      (libc, koffi) => ({ ...udpSocketCalls(libc, koffi), openWakeUp: () => openWakeUp(libc, koffi) }),
      'none',
      onError,
      this.#load,
    )
  }

  #started(calls: Calls): UdpThread {
    if (this.#thread !== undefined) return this.#thread
    const thread = new UdpThread(calls.openWakeUp(), this.#threadCode)
    this.#thread = thread
    void thread.ended.then((reason) => {
      if (reason === undefined) return
      if (this.#thread === thread) this.#thread = undefined
      this.#logger.error(
        { err: reason },
        'the thread that receives UDP has ended: what it had read and not handed over is lost, Node.js reads on in its place, more slowly',
      )
    })
    return thread
  }

  async #closed(port: ThreadPort): Promise<void> {
    this.#ports.delete(port)
    if (this.#ports.size > 0) return
    const thread = this.#thread
    this.#thread = undefined
    await thread?.end()
  }
}
