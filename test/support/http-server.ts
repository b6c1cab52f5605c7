import { EventEmitter, once } from 'node:events'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createHttpsServer, type ServerOptions } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { gunzipSync, gzipSync, zstdDecompressSync } from 'node:zlib'

export interface ReceivedRequest {
  readonly method: string
  /** As it was written: an absolute URL where a proxy would pass it on. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** Decompressed. */
  readonly body: Buffer
  /** Which connection it came on, counted from 0. */
  readonly connection: number
}

export interface Reply {
  /** 200 where it is left out. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** An object is sent as JSON. */
  readonly body?: string | Buffer | object
  readonly gzip?: boolean
  /** `cut`: the connection ends after half of the body. */
  readonly ending?: 'whole' | 'cut'
}

/** `hang`: no answer ever. `close`: the connection ends without one. `reset`: it is reset. */
export type Script = (request: ReceivedRequest) => Reply | 'hang' | 'close' | 'reset' | Promise<Reply | 'hang' | 'close' | 'reset'>

/** An HTTP(S) server on 127.0.0.1 that remembers what it was asked and answers by a function. */
export class ScriptedHttpServer {
  readonly requests: ReceivedRequest[] = []
  /** Every connection there ever was. */
  readonly connections: Socket[] = []
  script: Script
  readonly #tls: ServerOptions | undefined
  readonly #changes = new EventEmitter()
  #server: Server | undefined
  #port = 0

  constructor(script: Script = () => ({}), tls?: ServerOptions) {
    this.script = script
    this.#tls = tls
  }

  get port(): number {
    return this.#port
  }

  get open(): number {
    return this.connections.filter((socket) => !socket.destroyed).length
  }

  /** Listens, after the first time on the same port again. */
  async listen(): Promise<this> {
    const listener: RequestListener = (request, response) => void this.#serve(request, response)
    const server = this.#tls === undefined ? createServer(listener) : createHttpsServer(this.#tls, listener)
    server.keepAliveTimeout = 60_000
    server.on('connection', (socket: Socket) => {
      this.connections.push(socket)
      socket.on('error', () => {}) // The tests break connections on purpose.
      socket.on('close', () => this.#changes.emit('change'))
      this.#changes.emit('change')
    })
    server.on('tlsClientError', () => {})
    server.listen(this.#port, '127.0.0.1')
    await once(server, 'listening')
    this.#port = (server.address() as AddressInfo).port
    this.#server = server
    return this
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (server === undefined) return
    server.close()
    for (const socket of this.connections) socket.destroy()
    await once(server, 'close')
  }

  /** Resolves when the condition holds; looked at whenever a request is complete or a connection comes or goes. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await once(this.#changes, 'change')
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    try {
      for await (const chunk of request) chunks.push(chunk)
    } catch {
      return // The client went away.
    }
    const received = this.#remember(request, Buffer.concat(chunks))
    const reply = await this.script(received)
    if (reply === 'hang') return
    if (reply === 'close') request.socket.destroy()
    else if (reply === 'reset') request.socket.resetAndDestroy()
    else answer(response, reply)
  }

  #remember({ method = '', url = '', headers, socket }: IncomingMessage, body: Buffer): ReceivedRequest {
    // Over TLS the request has a socket of its own around the connection's.
    const connection = this.connections.findIndex(({ remotePort }) => remotePort === socket.remotePort)
    const received = { method, path: url, headers, body: plain(body, headers['content-encoding']), connection }
    this.requests.push(received)
    this.#changes.emit('change')
    return received
  }
}

function answer(response: ServerResponse, { status = 200, headers = {}, body = '', gzip = false, ending = 'whole' }: Reply): void {
  const isObject = typeof body === 'object' && !Buffer.isBuffer(body)
  const bytes = Buffer.from(isObject ? JSON.stringify(body) : (body as string | Buffer))
  const sent = gzip ? gzipSync(bytes) : bytes
  response.writeHead(status, {
    ...(isObject && { 'content-type': 'application/json' }),
    ...(gzip && { 'content-encoding': 'gzip' }),
    ...(headers['transfer-encoding'] === undefined && { 'content-length': sent.length }),
    ...headers,
  })
  if (ending === 'whole') response.end(sent)
  else response.write(sent.subarray(0, sent.length / 2), () => response.socket?.destroy())
}

function plain(body: Buffer, encoding: string | undefined): Buffer {
  if (encoding === 'gzip') return gunzipSync(body)
  return encoding === 'zstd' ? zstdDecompressSync(body) : body
}
