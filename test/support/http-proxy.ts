import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer, type ServerOptions } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'

export interface ProxyBehaviour {
  /** `user:password`; without them it asks for them (407). */
  readonly credentials?: string
  /** Answers nothing to CONNECT. */
  readonly hang?: boolean
  /** Answers so to CONNECT. */
  readonly refuse?: number
  /** Speaks TLS itself. */
  readonly tls?: ServerOptions
}

/** An HTTP forward proxy on 127.0.0.1: CONNECT, and requests in absolute form. */
export class ForwardProxy {
  /** `CONNECT 127.0.0.1:443`, `POST http://127.0.0.1:80/path`. */
  readonly asked: string[] = []
  readonly headers: IncomingMessage['headers'][] = []
  readonly #behaviour: ProxyBehaviour
  readonly #sockets = new Set<Socket>()
  readonly #changes = new EventEmitter()
  #server: Server | undefined
  #port = 0

  constructor(behaviour: ProxyBehaviour = {}) {
    this.#behaviour = behaviour
  }

  get port(): number {
    return this.#port
  }

  async listen(): Promise<this> {
    const { tls } = this.#behaviour
    const server = tls === undefined ? createServer() : createHttpsServer(tls)
    server.on('connection', (socket: Socket) => this.#own(socket))
    server.on('connect', (asked: IncomingMessage, socket: Socket, head: Buffer) => this.#connect(asked, socket, head))
    server.on('request', (asked: IncomingMessage, response: ServerResponse) => this.#forward(asked, response))
    server.on('tlsClientError', () => {})
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    this.#port = (server.address() as AddressInfo).port
    this.#server = server
    return this
  }

  async close(): Promise<void> {
    this.#server?.close()
    for (const socket of this.#sockets) socket.destroy()
    if (this.#server !== undefined) await once(this.#server, 'close')
    this.#server = undefined
  }

  get open(): number {
    return this.#sockets.size
  }

  /** Resolves when the condition holds; looked at whenever it is asked something or a connection comes or goes. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await once(this.#changes, 'change')
  }

  #own(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => {}) // The tests break connections on purpose.
    socket.on('close', () => {
      this.#sockets.delete(socket)
      this.#changes.emit('change')
    })
  }

  #remember({ method, url, headers }: IncomingMessage): void {
    this.asked.push(`${method} ${url}`)
    this.headers.push(headers)
    this.#changes.emit('change')
  }

  #isKnown({ headers }: IncomingMessage): boolean {
    const { credentials } = this.#behaviour
    const wanted = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`
    return wanted === undefined || headers['proxy-authorization'] === wanted
  }

  #connect(asked: IncomingMessage, socket: Socket, head: Buffer): void {
    this.#remember(asked)
    socket.on('error', () => {})
    if (this.#behaviour.hang) {
      // Whoever reads nothing does not hear of the end either, and a server's sockets may be half open.
      socket.resume().on('end', () => socket.end())
      return
    }
    const status = this.#isKnown(asked) ? this.#behaviour.refuse : 407
    if (status !== undefined) {
      socket.resume().end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`)
      return
    }
    const [host, port] = (asked.url as string).split(':')
    const target = connect(Number(port), host)
    this.#own(target)
    target.once('connect', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      if (head.length > 0) target.write(head)
      target.pipe(socket).pipe(target)
    })
    target.once('close', () => socket.destroy())
    socket.once('close', () => target.destroy())
    target.once('error', () => socket.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n'))
  }

  #forward(asked: IncomingMessage, response: ServerResponse): void {
    this.#remember(asked)
    if (!this.#isKnown(asked)) {
      response.writeHead(407).end()
      return
    }
    const { 'proxy-authorization': _ours, ...headers } = asked.headers
    const passed = request(asked.url as string, { method: asked.method as string, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode as number, answer.headers)
      answer.pipe(response)
    })
    passed.on('error', () => response.writeHead(502).end())
    asked.pipe(passed)
  }
}
