import { connect as connectTcp, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import { formatEndpoint, type HostPort } from '../config/formats.ts'
import { RelayError } from '../core/errors.ts'
import { type ConnectionPhase, connectionError } from './connection-errors.ts'

/** An idle connection through a firewall that forgets is found dead by the kernel's probes. */
export const keepAliveDelayMs = 30_000
/** How long a TLS 1.3 server may take to say that it does not want us, when it says nothing else. */
const tls13VerdictMs = 500

export interface OpenOptions {
  readonly endpoint: { readonly scheme: string } & HostPort
  /** For endpoints over TLS. */
  readonly tls?: ConnectionOptions | undefined
  /** For name, connection and TLS handshake together. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/**
 * Opens a TCP or TLS connection, the peer's certificate verified. The name is looked up each time (Node.js keeps no answers of
 * the name server), so a receiver that has moved is found with the next connection. `use` is given the open socket in
 * the turn in which it opened: it misses no event of it. Rejects with a RelayError.
 */
export function openSocket<T>({ endpoint, tls, timeoutMs, signal }: OpenOptions, use: (socket: Socket) => T): Promise<T> {
  const name = formatEndpoint(endpoint)
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(stopped(name))
    // Over a way that is open already the handshake is all there is.
    let phase: ConnectionPhase = tls?.socket === undefined ? 'connect' : 'handshake'
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
      resolve(use(socket))
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

function stopped(name: string): RelayError {
  return new RelayError('ENDPOINT_UNREACHABLE', `connecting to ${name} was stopped`)
}

function timedOut(name: string, phase: ConnectionPhase): RelayError {
  if (phase === 'handshake') return new RelayError('ENDPOINT_TLS', `cannot connect to ${name}: the TLS handshake timed out`)
  return new RelayError('ENDPOINT_UNREACHABLE', `cannot connect to ${name}: timed out`, {
    hint: 'Look at the route and the firewalls between this machine and the receiver.',
  })
}
