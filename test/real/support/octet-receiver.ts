import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { OctetReader } from './octet-reader.ts'
import type { Room } from './room.ts'
import { until } from './until.ts'

/**
 * The upstream behind the relay: a TCP server that reads octet counting (RFC 6587 3.4.1) and nothing else. Anything but a count, a space and so
 * many bytes is a violation, which fails the scenario that looks at `messages`.
 */
export class OctetReceiver {
  readonly #messages: Buffer[] = []
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #violation: Error | undefined

  private constructor() {
    this.#server = createServer((socket) => this.#read(socket))
  }

  static async open(room: Room, port = 0): Promise<OctetReceiver> {
    const receiver = new OctetReceiver()
    receiver.#server.listen(port, '127.0.0.1')
    await once(receiver.#server, 'listening')
    room.closing(() => receiver.close())
    return receiver
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  /** What arrived so far, in order. */
  get messages(): readonly Buffer[] {
    if (this.#violation !== undefined) throw this.#violation
    return this.#messages
  }

  async waitFor(count: number, timeoutMs?: number): Promise<void> {
    const what = () => `${count} messages at the upstream; ${this.#messages.length} arrived`
    await until(what, () => this.messages.length >= count, timeoutMs)
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
  }

  #read(socket: Socket): void {
    const reader = new OctetReader((message) => this.#messages.push(Buffer.from(message)))
    this.#sockets.add(socket)
    socket.on('data', (chunk) => {
      try {
        reader.push(chunk)
      } catch (error) {
        this.#violation ??= error as Error
        socket.destroy()
      }
    })
    // A relay that is killed in the middle of a frame resets the connection: the rest is not a message.
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#sockets.delete(socket))
  }
}
