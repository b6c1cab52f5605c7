import { EventEmitter, once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls'
import type { Test } from 'tap'
import { ownAddress } from './relay-config.ts'
import { takeMessages, type UpstreamFraming } from './upstream-messages.ts'

export interface UpstreamOptions {
  readonly framing?: UpstreamFraming
  readonly tls?: TlsOptions
  /** Default: an address of this process alone. */
  readonly host?: string
  /** Takes each message instead of its being kept. */
  readonly take?: (message: string) => void
}

/** What stands where the SIEM would: a receiver over TCP or TLS that refuses, sleeps, reads slowly or resets as it is told. */
export class UpstreamServer {
  /** In the order of arrival, every byte a character; what a connection left unfinished is not there. */
  readonly messages: string[] = []
  /** How many messages were taken, kept or not. */
  taken = 0
  /** Where framing was broken, in words. */
  readonly faults: string[] = []
  readonly sockets = new Set<Socket>()
  /** `read`; `deaf`: accepts and reads nothing; a number: reads once in so many milliseconds. */
  manner: 'read' | 'deaf' | number = 'read'
  /** Resets a connection after so many messages in all. */
  resetAt = Number.POSITIVE_INFINITY
  readonly host: string
  readonly #options: UpstreamOptions
  readonly #changes = new EventEmitter()
  #server: Server | undefined
  #port = 0

  private constructor(options: UpstreamOptions) {
    this.#options = options
    this.host = options.host ?? ownAddress
  }

  static async listen(t: Test, options: UpstreamOptions = {}): Promise<UpstreamServer> {
    const upstream = new UpstreamServer(options)
    t.teardown(() => upstream.close())
    await upstream.open()
    return upstream
  }

  /** A receiver that is down: it has a port, and nobody listens there. */
  static async down(t: Test, options: UpstreamOptions = {}): Promise<UpstreamServer> {
    const upstream = await UpstreamServer.listen(t, options)
    await upstream.close()
    return upstream
  }

  get endpoint(): string {
    return `${this.#options.tls === undefined ? 'tcp' : 'tls'}://${this.host}:${this.#port}`
  }

  /** Listens, after the first time on the same port again. */
  async open(): Promise<void> {
    const { tls } = this.#options
    const server = tls === undefined ? createServer() : createTlsServer(tls)
    server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => this.#accept(socket))
    server.listen(this.#port, this.host)
    await once(server, 'listening')
    this.#port = (server.address() as AddressInfo).port
    this.#server = server
  }

  /** Refuses connections from now on and resets those that are open. */
  async close(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    for (const socket of this.sockets) reset(socket)
    if (server === undefined) return
    server.close()
    await once(server, 'close')
  }

  /** Reads from now on, as it pleases or once in so many milliseconds; connections that are open included. */
  wake(manner: 'read' | number = 'read'): void {
    this.manner = manner
    for (const socket of this.sockets) socket.resume()
  }

  /** Resolves when the condition holds; looked at whenever something arrives or a connection comes or goes. */
  async until(what: string, condition: (upstream: this) => boolean, boundMs = 60_000): Promise<void> {
    const bound = AbortSignal.timeout(boundMs)
    while (!condition(this)) {
      await once(this.#changes, 'change', { signal: bound }).catch(() => {
        throw new Error(`waited ${boundMs / 1000} s in vain for ${what}; ${this.taken} messages came`)
      })
    }
  }

  /** The certificate that a client of this connection showed. */
  peerName(socket: Socket): string | undefined {
    const { CN } = (socket as TLSSocket).getPeerCertificate().subject ?? {}
    return Array.isArray(CN) ? CN[0] : CN
  }

  #accept(socket: Socket): void {
    const { framing = 'octet-counting' } = this.#options
    let rest: Buffer = Buffer.alloc(0)
    this.sockets.add(socket)
    socket.on('error', () => {}) // Killed relays and our own resets: 'close' follows.
    socket.on('close', () => {
      this.sockets.delete(socket)
      this.#changes.emit('change')
    })
    socket.on('data', (chunk: Buffer) => {
      try {
        rest = takeMessages(rest.length === 0 ? chunk : Buffer.concat([rest, chunk]), framing, (message) => this.#take(message))
      } catch (error) {
        this.faults.push((error as Error).message)
        socket.destroy()
      }
      this.#slowDown(socket)
      if (this.taken >= this.resetAt) reset(socket)
      this.#changes.emit('change')
    })
    if (this.manner === 'deaf') socket.pause()
    this.#changes.emit('change')
  }

  #take(message: string): void {
    this.taken++
    if (this.#options.take === undefined) this.messages.push(message)
    else this.#options.take(message)
  }

  #slowDown(socket: Socket): void {
    if (this.manner === 'read') return
    socket.pause()
    if (this.manner !== 'deaf') setTimeout(() => socket.resume(), this.manner).unref()
  }
}

/** A reset, where one can still be sent: a socket whose peer has ended is shutting down, and resetting that leaks it for ever. */
function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy()
  else socket.resetAndDestroy()
}
