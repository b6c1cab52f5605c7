import type { UdpSocket, UdpSocketCalls } from '../native/udp-sockets.ts'
import { DgramReader } from './udp-dgram.ts'
import type { DatagramHandler, UdpPort } from './udp-port.ts'
import type { UdpThread } from './udp-thread.ts'

/** Lasts for 5 ms at 300,000 datagrams a second. */
const roomyBytes = 2 ** 20

export interface ThreadPortParts {
  readonly address: string
  /** Bound, and the port's own from here on. */
  readonly sockets: readonly UdpSocket[]
  readonly calls: UdpSocketCalls
  readonly thread: UdpThread
  readonly handler: DatagramHandler
  readonly onError: (error: Error) => void
  /** The sockets are closed. */
  readonly onClose: () => Promise<void>
}

/** A port whose sockets the receiver thread reads, or, should the thread die, Node.js: the sockets stay the same, and what they hold. */
export class ThreadPort implements UdpPort {
  readonly address: string
  readonly port: number
  readonly receiveBuffer: number
  readonly #parts: ThreadPortParts
  /** By their numbers in the thread. */
  readonly #sockets: ReadonlyMap<number, UdpSocket>
  readonly #dropped = new Map<number, number>()
  #takenOver: Promise<(DgramReader | undefined)[]> | undefined
  #drained: Promise<void> | undefined

  constructor(parts: ThreadPortParts) {
    const { address, sockets, thread, handler } = parts
    const first = sockets[0] as UdpSocket
    this.#parts = parts
    this.address = address
    this.port = first.port
    this.receiveBuffer = first.receiveBuffer
    this.#sockets = new Map(
      sockets.map((socket) => [thread.read(socket.fd, socket.receiveBuffer >= roomyBytes, (block) => handler.block(block)), socket]),
    )
    void thread.ended.then((reason) => {
      if (reason !== undefined) this.#takenOver = this.#takeOver()
    })
  }

  async newDrops(): Promise<number> {
    let sum = 0
    for (const { fd } of this.#sockets.values()) {
      const before = this.#dropped.get(fd) ?? 0
      const now = this.#parts.calls.drops(fd) ?? before
      sum += (now - before) >>> 0
      this.#dropped.set(fd, now)
    }
    return sum
  }

  /** Needs no deadline where the thread is well: nothing more is let in, so that there is an end to what it reads. */
  async drain(deadline: AbortSignal): Promise<void> {
    await this.#letGo()
    for (const reader of (await this.#takenOver) ?? []) await reader?.drain(deadline)
  }

  async close(): Promise<void> {
    await this.#letGo()
    const readers = await this.#takenOver
    ;[...this.#sockets.values()].forEach(({ fd }, i) => {
      const reader = readers?.[i]
      if (reader === undefined) this.#parts.calls.close(fd)
      else reader.close()
    })
    await this.#parts.onClose()
  }

  /** The thread no longer uses the descriptors: closed before, their numbers would soon be those of other files. */
  #letGo(): Promise<void> {
    this.#drained ??= Promise.all([...this.#sockets.keys()].map((socket) => this.#parts.thread.drain(socket))).then(() => undefined)
    return this.#drained
  }

  #takeOver(): Promise<(DgramReader | undefined)[]> {
    const { address, handler, onError } = this.#parts
    const adopt = async ({ fd }: UdpSocket) => {
      try {
        return await DgramReader.bind({ address, fd }, handler, onError)
      } catch (error) {
        onError(error as Error)
        return undefined
      }
    }
    return Promise.all([...this.#sockets.values()].map(adopt))
  }
}
