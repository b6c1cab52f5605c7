import type { Socket } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import type { Logger } from '../core/logger.ts'
import { handshakeFailure } from '../tls/handshake-failure.ts'
import type { ServerTls } from '../tls/server-tls.ts'
import { withoutTickets } from '../tls/session-tickets.ts'
import { LogLimit } from './log-limit.ts'

export interface TlsAcceptorOptions {
  readonly tls: ServerTls
  readonly handshakeTimeoutMs: number
  readonly logger: Logger
  /** Counts a handshake that failed. */
  readonly onFailure: () => void
  /** Counts one that the peer broke off. */
  readonly onEof: () => void
}

/** Subject of the client's certificate, where it sent one that verifies. */
export type OnSecure = (socket: TLSSocket, certSubject: string | undefined) => void

interface Handshake {
  readonly peer: string
  readonly onSecure: OnSecure
}

/** Does the TLS handshakes of one source, on connections that were accepted elsewhere. */
export class TlsAcceptor {
  readonly #options: TlsAcceptorOptions
  readonly #server: Server
  readonly #handshakes = new WeakMap<Socket, Handshake>()
  readonly #failures = new LogLimit()
  readonly #endChanges: () => void

  /** `tls` must have been started. */
  constructor(options: TlsAcceptorOptions) {
    this.#options = options
    // Never listens: it gets its connections from `accept`.
    this.#server = createServer({ ...options.tls.options(), handshakeTimeout: options.handshakeTimeoutMs })
    withoutTickets(this.#server)
    this.#server.on('secureConnection', (socket) => this.#secure(socket))
    this.#server.on('tlsClientError', (error, socket) => this.#failed(error, socket))
    this.#endChanges = options.tls.onChange(() => {
      this.#server.setSecureContext(options.tls.options())
      withoutTickets(this.#server)
    })
  }

  /**
   * Takes over a connection from which nothing else reads any more; bytes already read must have been unshifted.
   * Ends with `onSecure`, or with the socket destroyed and the failure counted and logged. `peer` is for the log.
   */
  accept(socket: Socket, peer: string, onSecure: OnSecure): void {
    this.#handshakes.set(socket, { peer, onSecure })
    this.#server.emit('connection', socket)
  }

  /** The connection is being closed by us: however its handshake ends, that is not the peer's failure. */
  abandon(socket: Socket): void {
    this.#handshakes.delete(socket)
  }

  /** Certificates are no longer followed. */
  close(): void {
    this.#endChanges()
  }

  #secure(socket: TLSSocket): void {
    const handshake = this.#handshakeOf(socket)
    const certificate = socket.getPeerX509Certificate()
    // client_auth: optional lets a client come without a certificate, not with one that does not verify.
    if (certificate !== undefined && this.#options.tls.options().requestCert && !socket.authorized) {
      this.#failed(new Error('the client certificate does not verify'), socket)
    } else if (handshake === undefined) socket.destroy()
    // A certificate may name its owner in subjectAltName alone (RFC 5280, 4.1.2.6): Node then has no subject, whatever its types say.
    else handshake.onSecure(socket, (certificate?.subject as string | undefined)?.replaceAll('\n', ', '))
  }

  #failed(error: NodeJS.ErrnoException, socket: TLSSocket): void {
    const handshake = this.#handshakeOf(socket)
    socket.destroy()
    if (handshake === undefined) return
    const { peer } = handshake
    // Node leaves the reason for a refused client certificate here, and reports the connection it then closes as reset.
    const refused = authorizationCode(socket)
    if (refused === undefined && error.code === 'ECONNRESET') {
      // A load balancer that looks whether TLS is spoken here goes away in the middle: nothing that anybody has to mend.
      this.#options.onEof()
      this.#options.logger.debug({ peer }, 'the peer ended its connection inside the TLS handshake')
      return
    }
    this.#options.onFailure()
    const silent = this.#failures.admit(peer)
    if (silent === undefined) return
    const code = refused ?? error.code
    const fields = silent === 0 ? { peer } : { peer, suppressed: silent }
    this.#options.logger.warn(fields, `the peer ${handshakeFailure(code, error.message)}`)
  }

  /**
   * TLSSocket names the connection below it only in `_parent`, which Node's own modules rely on; the runtime is pinned, and
   * every TLS test fails if this ever changes.
   */
  #handshakeOf(socket: TLSSocket): Handshake | undefined {
    const below = '_parent' in socket ? socket._parent : undefined
    return below === undefined ? undefined : this.#handshakes.get(below as Socket)
  }
}

function authorizationCode(socket: TLSSocket): string | undefined {
  const error: unknown = socket.authorizationError
  return typeof error === 'string' ? error : undefined
}
