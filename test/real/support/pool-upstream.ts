import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { OctetReader } from './octet-reader.ts'
import { PoolArrivals } from './pool-arrivals.ts'
import type { Room } from './room.ts'

/**
 * One way into the upstream: a TCP server that reads octet counting. Each relay delivers over a lane of its own, so that
 * it is known which one delivered what, and the upstream can fail for one relay alone.
 */
export class PoolLane {
  readonly port: number
  readonly #onMessage: (message: Buffer) => void
  readonly #onViolation: (error: unknown) => void
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #hanging = false

  private constructor(port: number, onMessage: (message: Buffer) => void, onViolation: (error: unknown) => void) {
    this.port = port
    this.#onMessage = onMessage
    this.#onViolation = onViolation
  }

  static async open(onMessage: (message: Buffer) => void, onViolation: (error: unknown) => void): Promise<PoolLane> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const lane = new PoolLane((server.address() as { port: number }).port, onMessage, onViolation)
    lane.#serve(server)
    return lane
  }

  /** Connections stay and new ones are accepted, but nothing is read any more: a program that hangs. */
  hang(): void {
    this.#hanging = true
    for (const socket of this.#sockets) socket.pause()
  }

  goOn(): void {
    this.#hanging = false
    for (const socket of this.#sockets) socket.resume()
  }

  /** Resets every connection and refuses new ones: a program that was killed. What it had not read is gone. */
  async kill(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    for (const socket of this.#sockets) socket.resetAndDestroy()
    if (server === undefined) return
    server.close()
    await once(server, 'close')
  }

  /** Started again, on the same port. */
  async reopen(): Promise<void> {
    this.#hanging = false
    const server = createServer().listen(this.port, '127.0.0.1')
    await once(server, 'listening')
    this.#serve(server)
  }

  #serve(server: Server): void {
    this.#server = server
    server.on('connection', (socket) => this.#read(socket))
  }

  #read(socket: Socket): void {
    const reader = new OctetReader(this.#onMessage)
    this.#sockets.add(socket)
    socket.on('data', (chunk) => {
      try {
        reader.push(chunk)
      } catch (error) {
        this.#onViolation(error)
        socket.destroy()
      }
    })
    // A relay that is killed in the middle of a frame resets the connection: the rest is not a message.
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#sockets.delete(socket))
    if (this.#hanging) socket.pause()
  }
}

/** The one receiver behind the pool, in this process: it counts what arrives, by sender and lane. */
export class PoolUpstream {
  readonly lanes: PoolLane[] = []
  readonly arrivals: PoolArrivals

  private constructor(lanes: number) {
    this.arrivals = new PoolArrivals(lanes)
  }

  static async open(room: Room, lanes: number): Promise<PoolUpstream> {
    const upstream = new PoolUpstream(lanes)
    const { arrivals } = upstream
    for (let i = 0; i < lanes; i++) {
      const lane = await PoolLane.open(
        (message) => arrivals.take(message, i),
        (error) => arrivals.strange.push(String(error)),
      )
      upstream.lanes.push(lane)
      room.closing(() => lane.kill())
    }
    return upstream
  }
}
