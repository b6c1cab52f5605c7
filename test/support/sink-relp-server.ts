import { EventEmitter, once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'

export interface RelpCommand {
  readonly txnr: number
  readonly command: string
  readonly data: string
}

export interface RelpPeer {
  readonly socket: Socket
  /** Everything understood, in order. */
  readonly commands: RelpCommand[]
  /** Answers a command as a server does. */
  answer(txnr: number, data?: string): void
}

export const goodOpenAnswer = '200 OK\nrelp_version=0\nrelp_software=scripted\ncommands=syslog'

/** A RELP server that answers as told, by a reading of the specification of its own; without being told it takes everything. */
export class RelpServer {
  readonly peers: RelpPeer[] = []
  /** For each command: the data of its `rsp`, or undefined for none. */
  script: (command: RelpCommand, peer: RelpPeer) => string | undefined = ({ command }) => {
    if (command === 'open') return goodOpenAnswer
    return command === 'close' ? '' : '200 OK'
  }
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
    for (const { socket } of this.peers) socket.destroy()
    if (server === undefined) return
    server.close()
    await once(server, 'close')
  }

  /** What came as messages, the connections in the order in which they came. */
  get messages(): string[] {
    return this.peers.flatMap(({ commands }) => commands.filter(({ command }) => command === 'syslog').map(({ data }) => data))
  }

  /** Resolves when the condition holds; looked at whenever something arrives or a connection comes or goes. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await once(this.#changes, 'change')
  }

  #accept(socket: Socket): void {
    const answer = (txnr: number, data = '200 OK') => {
      if (!socket.writable) return
      socket.write(data === '' ? `${txnr} rsp 0\n` : `${txnr} rsp ${Buffer.byteLength(data)} ${data}\n`)
    }
    const peer: RelpPeer = { socket, commands: [], answer }
    this.peers.push(peer)
    let bytes: Buffer = Buffer.alloc(0)
    socket.on('error', () => {}) // The tests reset connections on purpose.
    socket.on('close', () => this.#changes.emit('change'))
    socket.on('data', (chunk: Buffer) => {
      bytes = this.#take(peer, Buffer.concat([bytes, chunk]))
      this.#changes.emit('change')
    })
    if (this.paused) socket.pause()
    this.#changes.emit('change')
  }

  /** Answers what is left behind the last whole frame. */
  #take(peer: RelpPeer, bytes: Buffer): Buffer {
    let from = 0
    for (;;) {
      const found = nextFrame(bytes, from)
      if (found === undefined) return bytes.subarray(from)
      const { end, ...command } = found
      from = end
      // As librelp demands it: the numbers ascend without a gap.
      if (command.txnr !== peer.commands.length + 1) throw new Error(`transaction ${command.txnr} after ${peer.commands.length}`)
      peer.commands.push(command)
      const answer = this.script(command, peer)
      if (answer !== undefined) peer.answer(command.txnr, answer)
    }
  }
}

function nextFrame(bytes: Buffer, from: number): (RelpCommand & { end: number }) | undefined {
  const header = /^(\d{1,9}) ([a-zA-Z]{1,32}) (\d{1,9})(?= |\n)/.exec(bytes.toString('latin1', from, from + 60))
  if (header === null) {
    if (bytes.length - from > 60) throw new Error(`no RELP: ${JSON.stringify(bytes.toString('latin1', from, from + 60))}`)
    return undefined
  }
  const length = Number(header[3])
  const start = from + header[0].length + (length > 0 ? 1 : 0)
  const end = start + length + 1
  if (end > bytes.length) return undefined
  if (bytes[end - 1] !== 0x0a) throw new Error('no line feed behind the data')
  return { txnr: Number(header[1]), command: header[2] as string, data: bytes.toString('latin1', start, start + length), end }
}
