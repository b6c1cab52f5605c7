import { createSocket } from 'node:dgram'
import { EventEmitter, once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'

/** A syslog receiver over TCP or TLS that keeps every byte, by connection. */
export class StreamReceiver {
  readonly connections: { readonly socket: Socket; bytes: Buffer }[] = []
  /** Bytes of one connection after which it is reset. */
  resetAfterBytes = Number.POSITIVE_INFINITY
  /** New connections are not read. */
  paused = false
  readonly #tls: TlsOptions | undefined
  readonly #changes = new EventEmitter()
  #server: Server | undefined
  #port = 0

  constructor(tls?: TlsOptions) {
    this.#tls = tls
  }

  get port(): number {
    return this.#port
  }

  /** Listens, after the first time on the same port again. */
  async listen(): Promise<void> {
    const server = this.#tls === undefined ? createServer() : createTlsServer(this.#tls)
    server.on(this.#tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => this.#accept(socket))
    server.listen(this.#port, '127.0.0.1')
    await once(server, 'listening')
    this.#port = (server.address() as AddressInfo).port
    this.#server = server
  }

  /** Refuses connections and ends those that are open. */
  async close(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    for (const { socket } of this.connections) socket.destroy()
    if (server === undefined) return
    server.close()
    await once(server, 'close')
  }

  /** Everything received, the connections in the order in which they came. */
  get bytes(): Buffer {
    return Buffer.concat(this.connections.map(({ bytes }) => bytes))
  }

  /** Resolves when the condition holds; looked at whenever something arrives or a connection comes or goes. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await once(this.#changes, 'change')
  }

  #accept(socket: Socket): void {
    const connection = { socket, bytes: Buffer.alloc(0) }
    this.connections.push(connection)
    socket.on('error', () => {}) // The tests reset connections on purpose.
    socket.on('close', () => this.#changes.emit('change'))
    socket.on('data', (chunk: Buffer) => {
      connection.bytes = Buffer.concat([connection.bytes, chunk])
      if (connection.bytes.length >= this.resetAfterBytes) socket.resetAndDestroy()
      this.#changes.emit('change')
    })
    if (this.paused) socket.pause()
    this.#changes.emit('change')
  }
}

/** A syslog receiver over UDP that keeps every datagram. */
export class DatagramReceiver {
  readonly datagrams: Buffer[] = []
  readonly #changes = new EventEmitter()
  #socket = createSocket('udp4')
  #port = 0

  get port(): number {
    return this.#port
  }

  async listen(): Promise<void> {
    this.#socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 })
    this.#socket.on('message', (datagram) => {
      this.datagrams.push(datagram)
      this.#changes.emit('change')
    })
    this.#socket.bind(this.#port, '127.0.0.1')
    await once(this.#socket, 'listening')
    this.#port = this.#socket.address().port
  }

  async close(): Promise<void> {
    this.#socket.close()
    await once(this.#socket, 'close')
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await once(this.#changes, 'change')
  }
}

/** The messages in octet-counted bytes; what is cut off at the end is left out. */
export function countedMessages(bytes: Buffer): string[] {
  const messages: string[] = []
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(' ', at)
    const count = bytes.toString('latin1', at, space)
    if (space === -1) break
    if (!/^\d+$/.test(count)) throw new Error(`no octet count: ${JSON.stringify(count)}`)
    const end = space + 1 + Number(count)
    if (end > bytes.length) break
    messages.push(bytes.toString('latin1', space + 1, end))
    at = end
  }
  return messages
}

/** The complete lines in these bytes. */
export function lines(bytes: Buffer): string[] {
  return bytes.toString('latin1').split('\n').slice(0, -1)
}
