import { createSocket, type Socket } from 'node:dgram'
import { isIPv4 } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { kernelDrops } from './kernel-drops.ts'
import type { DatagramHandler, UdpPort, UdpPortSettings } from './udp-port.ts'

// Turns of the event loop without a datagram that mean the socket's buffer is empty, and the most turns that are taken.
const quietTurns = 2
const maxTurns = 10_000

/** A socket read by Node.js itself: each datagram costs an object and a turn of its own. */
export class DgramReader {
  readonly #socket: Socket
  #datagrams = 0

  private constructor(socket: Socket) {
    this.#socket = socket
  }

  /** Binds to an address, or reads from a socket that is bound already, which it then owns. */
  static bind(
    { address, ...where }: { address: string; port?: number; fd?: number },
    handler: DatagramHandler,
    onError: (error: Error) => void,
  ): Promise<DgramReader> {
    const socket = createSocket({ type: isIPv4(address) ? 'udp4' : 'udp6', ipv6Only: false })
    const reader = new DgramReader(socket)
    return new Promise((resolve, reject) => {
      socket.once('error', (error) => {
        socket.close()
        reject(error)
      })
      socket.bind({ ...(where.fd === undefined ? { address } : {}), ...where, exclusive: true }, () => {
        socket.removeAllListeners('error')
        socket.on('error', onError)
        socket.on('message', (datagram, from) => {
          reader.#datagrams++
          handler.datagram(datagram, from.address, from.port)
        })
        resolve(reader)
      })
    })
  }

  get port(): number {
    return this.#socket.address().port
  }

  /** Asks for a receive buffer and answers what was granted. */
  resize(bytes: number): number {
    this.#socket.setRecvBufferSize(bytes)
    // Linux doubles the value for its own bookkeeping, and answers with the double (socket(7)).
    return this.#socket.getRecvBufferSize() / 2
  }

  /** Node.js reads in each turn of the event loop; nothing tells when there is no more. */
  async drain(deadline: AbortSignal): Promise<void> {
    for (let turns = 0, quiet = 0; turns < maxTurns && quiet < quietTurns && !deadline.aborted; turns++) {
      const before = this.#datagrams
      await turn()
      quiet = this.#datagrams === before ? quiet + 1 : 0
    }
  }

  close(): void {
    this.#socket.close()
  }
}

export interface DgramPortOptions {
  /** How to ask the kernel what it dropped; default: /proc/net/udp. */
  readonly readDrops?: typeof kernelDrops
  readonly onError: (error: Error) => void
}

/** A port without the C library's help: one socket, read by Node.js. */
export async function openDgramPort(
  { address, port, receiveBuffer }: UdpPortSettings,
  handler: DatagramHandler,
  { readDrops = kernelDrops, onError }: DgramPortOptions,
): Promise<UdpPort> {
  const reader = await DgramReader.bind({ address, port }, handler, onError)
  const bound = { address, port: reader.port }
  let granted = 0
  try {
    granted = reader.resize(receiveBuffer)
  } catch (error) {
    onError(error as Error)
  }
  let dropped = 0
  return {
    ...bound,
    receiveBuffer: granted,
    async newDrops() {
      const before = dropped
      dropped = (await readDrops(bound)) ?? before
      return dropped - before
    },
    drain: (deadline) => reader.drain(deadline),
    close: async () => reader.close(),
  }
}
