import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { octetFrame } from './octet-sender.ts'
import { poolMessage } from './pool-message.ts'

const tickMs = 20
const retryMs = 100

export interface StreamSenderOptions {
  /** In every message. */
  readonly name: string
  readonly transport: 'tcp' | 'tls'
  readonly host: string
  readonly port: number
  /** Source address: who the client is. */
  readonly address: string
  /** Messages a second. */
  readonly rate: number
  /** Closes the connection in order after so many messages and opens the next one, as simple devices do. Default: never. */
  readonly perConnection?: number
}

/** One connection of a sender, from its first message on. */
export interface SenderConnection {
  /** How it ended, as the sender saw it. */
  ended: 'open' | 'by the sender' | 'by the peer' | 'broken'
}

/**
 * A device that sends numbered messages over TCP or TLS, octet counting, at a steady rate. As real ones do, it takes what
 * its kernel took for sent, stops at once when the peer closes its end, and goes on over a new connection with the next
 * message. What a write failed for is sent again. It knows nothing of what arrives.
 */
export class PoolStreamSender {
  readonly options: StreamSenderOptions
  readonly connections: SenderConnection[] = []
  /** By number: which connection took it last. */
  readonly takenBy: number[] = []
  /** Messages that were written anew, because the first write failed. */
  rewritten = 0
  #socket: Socket | undefined
  #ready = false
  #again: number[] = []
  #writing = 0
  /** On the connection of now. */
  #written = 0
  #timer: NodeJS.Timeout | undefined
  #sending = true
  readonly #finished = Promise.withResolvers<void>()

  constructor(options: StreamSenderOptions) {
    this.options = options
  }

  /** Messages given to the kernel, numbered from 0. */
  get sent(): number {
    return this.takenBy.length
  }

  /** Able to write now. */
  get connected(): boolean {
    return this.#ready
  }

  start(): void {
    this.#connect()
    const perTick = (this.options.rate * tickMs) / 1000
    let due = 0
    this.#timer = setInterval(() => {
      due = Math.min(due + perTick, perTick + 1)
      for (; due >= 1 && this.#mayWrite(); due--) this.#write(this.#again.shift() ?? this.takenBy.length)
    }, tickMs)
  }

  /** Sends no new message, closes the connection in order, and resolves when the peer has closed it too. */
  async finish(): Promise<void> {
    this.#sending = false
    this.#endIfDone()
    await this.#finished.promise
  }

  abandon(): void {
    clearInterval(this.#timer)
    this.#sending = false
    this.#again = []
    this.#socket?.destroy()
  }

  #connect(): void {
    const { host, port, address, transport } = this.options
    const to = { host, port, localAddress: address, allowHalfOpen: true }
    const connection: SenderConnection = { ended: 'open' }
    const index = this.connections.push(connection) - 1
    const socket = transport === 'tcp' ? connect(to) : connectTls({ ...to, rejectUnauthorized: false })
    this.#socket = socket
    this.#written = 0
    socket.setNoDelay(true)
    socket.on(transport === 'tcp' ? 'connect' : 'secureConnect', () => {
      this.#ready = true
      this.#endIfDone()
    })
    socket.on('end', () => {
      this.#ready = false
      if (connection.ended === 'open') connection.ended = 'by the peer'
      socket.end()
    })
    socket.on('error', () => {
      connection.ended = 'broken'
    })
    socket.on('close', () => this.#closed(index))
    socket.resume()
  }

  #closed(index: number): void {
    this.#ready = false
    if (!this.#sending && this.#again.length === 0) {
      clearInterval(this.#timer)
      this.#finished.resolve()
    } else if (this.takenBy.at(-1) === index) {
      this.#connect()
    } else {
      // It took nothing: whoever refused it may do so again.
      setTimeout(() => this.#connect(), retryMs)
    }
  }

  #mayWrite(): boolean {
    const { perConnection = Number.POSITIVE_INFINITY } = this.options
    const roomy = this.#socket?.writableNeedDrain === false && this.#written < perConnection
    return this.#ready && roomy && (this.#sending || this.#again.length > 0)
  }

  #write(number: number): void {
    this.takenBy[number] = this.connections.length - 1
    this.#writing++
    this.#written++
    this.#socket?.write(octetFrame(poolMessage(this.options.name, number)), (error) => {
      this.#writing--
      if (error != null) {
        this.#again.push(number)
        this.rewritten++
      }
      this.#endIfDone()
    })
  }

  #endIfDone(): void {
    const enough = this.#written >= (this.options.perConnection ?? Number.POSITIVE_INFINITY)
    const done = !this.#sending && this.#again.length === 0
    if (this.#writing > 0 || !this.#ready || !(enough || done)) return
    this.#ready = false
    const connection = this.connections.at(-1)
    if (connection?.ended === 'open') connection.ended = 'by the sender'
    this.#socket?.end()
  }
}
