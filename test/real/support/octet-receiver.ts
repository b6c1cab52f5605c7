import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import type { Room } from './room.ts'
import { until } from './until.ts'

const maxCountDigits = 7

/**
 * The upstream behind the relay: a TCP server that reads octet counting (RFC 6587 3.4.1) and nothing else. It is written
 * apart from the relay's own framing, so that a mistake there cannot hide here. Anything but a count, a space and so
 * many bytes is a violation, which fails the scenario that looks at `messages`.
 */
export class OctetReceiver {
  readonly #messages: Buffer[] = []
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #violation: string | undefined

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
    if (this.#violation !== undefined) throw new Error(`the relay broke octet counting: ${this.#violation}`)
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
    let held: Buffer = Buffer.alloc(0)
    this.#sockets.add(socket)
    socket.on('data', (chunk) => {
      held = this.#frames(held.length === 0 ? chunk : Buffer.concat([held, chunk]))
    })
    // A relay that is killed in the middle of a frame resets the connection: the rest is not a message.
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#sockets.delete(socket))
  }

  /** Takes the whole frames and returns the rest. */
  #frames(bytes: Buffer): Buffer {
    let at = 0
    for (;;) {
      const space = bytes.subarray(at, at + maxCountDigits + 1).indexOf(0x20)
      const count = bytes.toString('latin1', at, space < 0 ? Math.min(bytes.length, at + maxCountDigits + 1) : at + space)
      if (count !== '' && !/^[1-9]\d{0,6}$/.test(count)) {
        this.#violation ??= JSON.stringify(bytes.toString('latin1', at, at + 60))
        return Buffer.alloc(0)
      }
      const start = at + space + 1
      const end = start + Number(count)
      if (space < 0 || end > bytes.length) return Buffer.from(bytes.subarray(at))
      this.#messages.push(Buffer.from(bytes.subarray(start, end)))
      at = end
    }
  }
}
