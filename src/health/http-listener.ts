import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Component } from '../core/component.ts'
import { RelayError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { sendError } from './answers.ts'

export type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>

export interface HttpListenerOptions {
  readonly handler: Handler
  /** Begins to listen; the caller knows whether that is a port or a path. */
  readonly bind: (server: Server) => void
  /** What the failure to listen means. */
  readonly bindError: (error: NodeJS.ErrnoException) => RelayError
  readonly maxConnections: number
  /** A connection on which nothing moves for so long is closed. 0 is never: for streams that a person may pause. */
  readonly idleTimeoutMs: number
  readonly log: Logger
}

/** Then its client has to connect anew: the last answer says so. */
export const maxRequestsPerConnection = 32

/**
 * An HTTP server that outlives its clients: requests are small and quick or they are cut, connections are few, and no
 * error of a client or a handler goes further than its own answer.
 */
export class HttpListener implements Component {
  readonly #options: HttpListenerOptions
  #server: Server | undefined
  #closed: Promise<void> | undefined
  readonly #answering = new Set<ServerResponse>()
  #overrun = false

  constructor(options: HttpListenerOptions) {
    this.#options = options
  }

  /** Where it listens, for a port that the system chose. */
  get address(): AddressInfo | undefined {
    const address = this.#server?.address()
    return typeof address === 'object' && address !== null ? address : undefined
  }

  async start(): Promise<void> {
    const { bind, bindError, maxConnections, idleTimeoutMs, log } = this.#options
    const server = createServer({
      // A request is a line and a few headers: a client that needs longer for them holds a connection for nothing.
      maxHeaderSize: 8 * 1024,
      headersTimeout: 5_000,
      requestTimeout: 10_000,
      connectionsCheckingInterval: 1_000,
      keepAliveTimeout: 5_000,
    })
    server.maxConnections = maxConnections
    // Pipelined requests of one chunk are all answered before Node.js pauses their connection, read or not: beyond this they get a bare 503.
    server.maxRequestsPerSocket = maxRequestsPerConnection
    server.timeout = idleTimeoutMs
    server.on('request', (request, response) => void this.#handle(request, response))
    server.on('drop', () => this.#dropped())
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(bindError(error)))
      server.once('listening', resolve)
      bind(server)
    })
    server.on('error', (error) => log.error({ error }, 'HTTP listener failed'))
    this.#server = server
  }

  /** Answers what is being asked, until the deadline. */
  async stop(deadline: AbortSignal): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    this.#closed ??= new Promise((resolve) => server.close(() => resolve()))
    // An answer that is still to come ends its connection, which would else be kept alive and hold up the stop.
    for (const response of this.#answering) if (!response.headersSent) response.setHeader('Connection', 'close')
    const cut = () => server.closeAllConnections()
    if (deadline.aborted) cut()
    deadline.addEventListener('abort', cut, { once: true })
    await this.#closed
    deadline.removeEventListener('abort', cut)
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#answering.add(response)
    response.once('close', () => this.#answering.delete(response))
    // Nobody sends us a body; one that comes is not read, and its connection does not live on.
    const body = request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0
    if (body || this.#closed !== undefined) response.setHeader('Connection', 'close')
    try {
      await this.#options.handler(request, response)
    } catch (thrown) {
      const error = RelayError.from(thrown)
      this.#options.log.error({ error, url: request.url }, 'a request could not be answered')
      if (response.headersSent) response.destroy()
      else sendError(response, 500, error)
    }
  }

  /** Logged when the bound is first met, not for each connection beyond it. */
  #dropped(): void {
    if (this.#overrun) return
    this.#overrun = true
    const { log, maxConnections } = this.#options
    log.warn({ maxConnections }, 'too many connections to an HTTP listener: further ones are closed')
    setTimeout(() => {
      this.#overrun = false
    }, 60_000).unref()
  }
}
