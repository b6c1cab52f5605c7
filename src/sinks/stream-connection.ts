import { connect as connectTcp, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import { type Endpoint, formatEndpoint } from '../config/formats.ts'
import { RelayError } from '../core/errors.ts'
import type { Slice } from './batch-encoder.ts'
import { type ConnectionPhase, connectionError } from './connection-errors.ts'

/** Bytes given to the socket and not yet taken by the kernel. */
const maxUnflushedBytes = 1024 * 1024
/** An idle connection through a firewall that forgets is found dead by the kernel's probes. */
const keepAliveDelayMs = 30_000
/** How long a TLS 1.3 server may take to say that it does not want us, when it says nothing else. */
const tls13VerdictMs = 500

/** How many messages of a batch were delivered, and why not all. */
interface Delivery {
  readonly delivered: number
  readonly error?: RelayError
}

export interface ConnectOptions {
  readonly endpoint: Endpoint
  /** For tls:// endpoints. */
  readonly tls?: ConnectionOptions
  /** For name, connection and TLS handshake together. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** One connection over TCP or TLS: open from `connect` until it dies, and never opened again. */
export class StreamConnection {
  readonly #socket: Socket
  readonly #endpoint: string
  readonly #onDeath = new Set<(reason: RelayError | undefined) => void>()
  #alive = true

  /** Takes over an open socket. */
  constructor(socket: Socket, endpoint: string) {
    this.#socket = socket
    this.#endpoint = endpoint
    const died = (error: Error) => this.#died(connectionError(error, endpoint, 'established'))
    const closed = () => died(Object.assign(new Error('closed'), { code: 'EPIPE' }))
    socket.on('error', died)
    // A receiver of syslog has nothing to say: its FIN means that nobody reads any more what we write.
    socket.on('end', closed)
    socket.on('close', closed)
    // Unread bytes would keep its FIN from being seen.
    socket.resume()
  }

  get alive(): boolean {
    return this.#alive
  }

  /** Calls the listener once when the connection dies: with the reason, or undefined when we closed it. Returns what ends that. */
  onDeath(listener: (reason: RelayError | undefined) => void): () => void {
    this.#onDeath.add(listener)
    return () => this.#onDeath.delete(listener)
  }

  /**
   * Writes slices in order, with about a mebibyte under way, and resolves with how many messages are delivered: the `end`
   * of the last slice that is. A peer that reads slowly makes it slow. It ends early when the connection dies, or when
   * the signal aborts, which takes the connection with it: half a frame may have been written.
   */
  deliver(next: () => Slice | undefined, signal: AbortSignal): Promise<Delivery> {
    return new Promise((resolve) => {
      let delivered = 0
      let written = 0
      let end = 0
      let unflushed = 0
      let exhausted = false
      const finish = (result: Delivery) => {
        signal.removeEventListener('abort', abort)
        forget()
        resolve(result)
      }
      const fail = (reason = new RelayError('ENDPOINT_CLOSED', `sending to ${this.#endpoint} was stopped`)) =>
        finish({ delivered, error: reason })
      const abort = () => this.destroy()
      const pump = () => {
        while (!exhausted && this.#alive && unflushed < maxUnflushedBytes) {
          const slice = next()
          if (slice === undefined) exhausted = true
          else write(slice)
        }
        if (exhausted && delivered === written) finish({ delivered: end })
      }
      const write = (slice: Slice) => {
        end = slice.end
        if (slice.bytes.length === 0) return // Each of its messages was refused.
        written = slice.end
        unflushed += slice.bytes.length
        this.#socket.write(slice.bytes, (error) => {
          if (error || !this.#alive) return // `fail` has been called, or will be.
          unflushed -= slice.bytes.length
          afterPoll(() => confirm(slice))
          pump()
        })
      }
      // The one place that decides what "delivered" means: the kernel has taken the whole slice, and the event loop has
      // polled since without finding that the peer has closed or reset the connection.
      const confirm = (slice: Slice) => {
        if (!this.#alive) return
        delivered = slice.end
        if (exhausted && delivered === written) finish({ delivered: end })
      }
      const forget = this.onDeath(fail)
      signal.addEventListener('abort', abort)
      if (signal.aborted) this.destroy()
      else if (this.#alive) pump()
      else fail()
    })
  }

  /** Ends the connection after what was written; resolves when the kernel has it all, or when the deadline aborts. */
  async close(deadline: AbortSignal): Promise<void> {
    if (this.#alive && !deadline.aborted) {
      await new Promise<void>((resolve) => {
        const finish = () => {
          deadline.removeEventListener('abort', finish)
          resolve()
        }
        deadline.addEventListener('abort', finish)
        this.onDeath(finish)
        this.#socket.end(finish)
      })
    }
    this.destroy()
  }

  destroy(): void {
    this.#died(undefined)
  }

  #died(reason: RelayError | undefined): void {
    if (!this.#alive) return
    this.#alive = false
    this.#socket.destroy()
    for (const listener of [...this.#onDeath]) listener(reason)
    this.#onDeath.clear()
  }
}

/** Opens a connection, the name looked up anew, the peer's certificate verified. Rejects with a RelayError. */
export function connectStream({ endpoint, tls, timeoutMs, signal }: ConnectOptions): Promise<StreamConnection> {
  const name = formatEndpoint(endpoint)
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(stopped(name))
    let phase: ConnectionPhase = 'connect'
    // autoSelectFamily (happy eyeballs, RFC 8305) is on by default.
    const basics = { host: endpoint.host, port: endpoint.port, keepAlive: true, keepAliveInitialDelay: keepAliveDelayMs, noDelay: true }
    const socket = tls === undefined ? connectTcp(basics) : connectTls({ ...basics, ...tls })
    const settled = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', aborted)
      socket.off('error', fail).off('close', closed)
    }
    const fail = (error: unknown) => {
      settled()
      socket.on('error', () => {}) // What destroying it brings: the cause is told already.
      socket.destroy()
      reject(connectionError(error, name, phase))
    }
    const closed = () => fail(Object.assign(new Error('closed'), { code: 'ECONNRESET' }))
    const aborted = () => fail(stopped(name))
    const ready = () => {
      if (socket.destroyed) return
      settled()
      resolve(new StreamConnection(socket, name))
    }
    const timer = setTimeout(() => fail(timedOut(name, phase)), timeoutMs)
    signal.addEventListener('abort', aborted)
    socket.on('error', fail).on('close', closed)
    socket.once('connect', () => {
      phase = 'handshake'
      if (tls === undefined) ready()
    })
    if (tls !== undefined) socket.once('secureConnect', () => afterHandshake(socket as TLSSocket, ready))
  })
}

/**
 * In TLS 1.3 the client is done before the server has looked at the client's certificate (RFC 8446 section 2): a refusal
 * comes when we have begun to write, and what was written is gone. A session ticket follows acceptance, so we wait for
 * one, or a moment where the server gives none.
 */
function afterHandshake(socket: TLSSocket, ready: () => void): void {
  if (socket.getProtocol() !== 'TLSv1.3') {
    ready()
    return
  }
  const accepted = () => {
    clearTimeout(timer)
    socket.off('session', accepted).off('close', accepted)
    // The event comes from within OpenSSL's read: a write from there would spoil the connection (bad record MAC).
    setImmediate(ready)
  }
  const timer = setTimeout(accepted, tls13VerdictMs)
  socket.on('session', accepted).on('close', accepted)
  socket.resume()
}

/** A FIN or RST that is here already is read when the event loop polls: for certain between two turns. */
function afterPoll(then: () => void): void {
  setImmediate(() => setImmediate(then))
}

function stopped(name: string): RelayError {
  return new RelayError('ENDPOINT_UNREACHABLE', `connecting to ${name} was stopped`)
}

function timedOut(name: string, phase: ConnectionPhase): RelayError {
  if (phase === 'handshake') return new RelayError('ENDPOINT_TLS', `cannot connect to ${name}: the TLS handshake timed out`)
  return new RelayError('ENDPOINT_UNREACHABLE', `cannot connect to ${name}: timed out`, {
    hint: 'Look at the route and the firewalls between this machine and the receiver.',
  })
}
