import type { Socket } from 'node:net'
import type { Origin, ProxyInfo, Transport } from '../core/batch.ts'
import type { Logger } from '../core/logger.ts'
import type { RefusalReason } from '../core/source.ts'
import type { ProxyChain } from '../protocols/proxy-chain.ts'
import { Answers } from './answers.ts'
import { type Opening, readOpening } from './connection-opening.ts'
import type { ProxyDecision, ProxyOpening } from './proxy-opening.ts'
import { type ReaderContext, SessionReader } from './session-reader.ts'
import { endReadShared, readShared } from './shared-read-buffer.ts'
import type { SessionLink } from './stream-protocol.ts'
import type { TlsAcceptor } from './tls-acceptor.ts'

/** What all connections of a source share. */
export interface ConnectionContext extends ReaderContext {
  readonly transports: readonly Transport[]
  readonly logger: Logger
  readonly acceptor: TlsAcceptor | undefined
  /** Time for a peer to read its answers, and to close the connection after the last one. */
  readonly answerTimeoutMs: number
  /** Advances only while the source reads; whoever judges silence moves it. */
  readonly clock: { readonly nowMs: number }
  /** The source as a whole does not read at present. */
  blocked(): boolean
  /** The client is known: whether it may send. */
  admit(connection: StreamConnection): boolean
  /** The connection stopped reading, and is to be resumed when the pressure is gone. */
  onPaused(connection: StreamConnection): void
  onUnwanted(connection: StreamConnection, opening: Exclude<Opening, 'syslog' | 'tls'>): void
  onRefused(connection: StreamConnection, reason: RefusalReason, why?: string): void
  onClosed(connection: StreamConnection): void
}

/** One accepted TCP connection, from its first byte to its last: PROXY headers, the TLS handshake if it asks for one, its session. */
export class StreamConnection implements SessionLink {
  readonly #context: ConnectionContext
  #socket: Socket
  #origin: Origin
  /** While PROXY headers may come. */
  #proxy: ProxyOpening | undefined
  readonly #reader: SessionReader
  #answers: Answers | undefined
  #closeTimer: NodeJS.Timeout | undefined
  #stage: 'plain' | 'handshake' | 'secure' | 'closed' = 'plain'
  #paused = false
  #empty = true
  /** The load balancer spoke for itself: a health check until a byte follows. */
  #unadmitted = false
  #endedByUs = false
  /** Its session has ended, and we with it. */
  #over = false
  #lastReadMs: number

  /** `proxy`: the connection may bring PROXY headers; who is at its other end is admitted only then. */
  constructor(socket: Socket, peer: string, context: ConnectionContext, proxy?: ProxyOpening) {
    this.#context = context
    this.#socket = socket
    this.#proxy = proxy
    this.#origin = { peer, port: socket.remotePort ?? 0, transport: context.protocol.plain }
    this.#lastReadMs = context.clock.nowMs
    this.#reader = new SessionReader(context, this, () => this.#wait())
    this.#listen(socket)
    readShared(socket, (chunk) => this.#receive(chunk))
    if (context.blocked()) this.pause()
    proxy?.begin({ onDecision: (decision) => this.#endProxied(decision), paused: () => this.#paused })
  }

  /** The true client, as far as it is known. */
  get peer(): string {
    return this.#origin.peer
  }

  /** Nothing of an unfinished message has been read, and nothing is owed. */
  get atBoundary(): boolean {
    return this.#reader.atBoundary
  }

  /** Time of the source's clock without a byte. */
  get silentMs(): number {
    return this.#context.clock.nowMs - this.#lastReadMs
  }

  /** Something may stand in the buffers before us: it is held back, and has not come to its end. */
  get unread(): boolean {
    return this.#paused && !this.#context.protocol.acknowledges
  }

  /** We have told the peer that we are leaving. */
  get leaving(): boolean {
    return this.#endedByUs
  }

  /** What arrives stays with the sender's kernel, apart from the one chunk that may be under way. */
  pause(): void {
    if (this.#paused || this.#over || this.#stage === 'handshake') return
    this.#paused = true
    this.#socket.pause()
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#reader.goOn(this.#origin)
    this.#flow()
  }

  /** The source cannot take messages for a while: a peer that would send again what we do not acknowledge may do so elsewhere. */
  holdBack(): void {
    if (this.#context.protocol.acknowledges && !this.#endedByUs) this.#part(true)
    else this.pause()
  }

  /** Tells the peer that we are leaving. Where its protocol has no word for that, what it still sends is read. */
  leave(): void {
    if (!this.#endedByUs) this.#part(false)
  }

  #part(now: boolean): void {
    this.#endedByUs = true
    const { session } = this.#reader
    if (session?.leave !== undefined) session.leave(now)
    // A handshake may be followed by messages that are under way already: see #shakeHands.
    else if (this.#stage !== 'handshake') this.#finishOurSide()
  }

  #finishOurSide(): void {
    if (this.#context.protocol.acknowledges) this.end()
    else this.#socket.end()
  }

  /** Lets go of the connection at once; an unfinished message is kept and marked. */
  close(): void {
    if (this.#endedByUs && this.#socket.destroyed) return
    this.#endedByUs = true
    if (this.#stage === 'handshake') this.#context.acceptor?.abandon(this.#socket)
    this.#finishFraming()
    this.#socket.destroy()
  }

  write(bytes: Buffer): void {
    this.#answers ??= new Answers({
      socket: this.#socket,
      owedBytes: () => this.#reader.session?.owedBytes ?? 0,
      timeoutMs: this.#context.answerTimeoutMs,
      onChange: () => this.#flow(),
      onUnread: () => this.fail('it does not read our answers'),
    })
    this.#answers.write(bytes)
  }

  end(): void {
    this.#endedByUs = true
    this.#over = true
    this.#reader.stop()
    if (this.#stage === 'closed') return
    this.#socket.end()
    this.#paused = false
    this.#flow()
    // Its end is all that is awaited of the peer.
    this.#closeTimer ??= setTimeout(() => this.close(), this.#context.answerTimeoutMs)
  }

  fail(why: string): void {
    this.#context.logger.debug({ peer: this.peer, why }, 'a connection broke its protocol')
    this.#reader.stop()
    this.#refuse('protocol_error', why)
  }

  #listen(socket: Socket): void {
    socket.on('end', () => {
      if (this.#stage === 'handshake') return
      this.#finishFraming()
      const { session } = this.#reader
      if (session?.leave === undefined) socket.end()
      else session.leave(false)
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // A reset is how some devices hang up, and 'close' follows: what they sent before is kept.
      this.#context.logger.debug({ peer: this.peer, error: error.code ?? error.message }, 'a connection broke')
    })
    socket.on('close', () => {
      if (socket === this.#socket) this.#closed()
    })
  }

  #receive(chunk: Buffer): void {
    if (this.#unadmitted && !this.#admit()) return
    if (this.#proxy !== undefined) this.#proxy.push(chunk)
    else if (this.#empty && this.#stage === 'plain') this.#open(chunk)
    else this.#read(chunk)
  }

  #endProxied(decision: ProxyDecision): void {
    this.#proxy = undefined
    if (decision.kind === 'done') this.#begin(decision.chain, decision.rest)
    else this.#refuse(decision.kind === 'missing' ? 'proxy_missing' : 'proxy_malformed')
  }

  /** The PROXY headers are read, and with them who the client is. */
  #begin(chain: ProxyChain, rest: Buffer): void {
    const { client, info } = chain
    if (client !== undefined) {
      this.#context.counters.proxied++
      this.#origin = this.#originOf(this.#context.protocol.plain, client.address, client.port, info)
    }
    if (client === undefined && chain.headers > 0 && rest.length === 0) this.#unadmitted = true
    else if (this.#admit() && rest.length > 0) this.#receive(rest)
  }

  #admit(): boolean {
    this.#unadmitted = false
    if (this.#context.admit(this)) return true
    this.#empty = false
    this.close()
    return false
  }

  #originOf(transport: Transport, peer: string, port: number, proxy?: ProxyInfo, certSubject?: string): Origin {
    return { peer, port, transport, ...(certSubject !== undefined && { certSubject }), ...(proxy && { proxy }) }
  }

  #open(first: Buffer): void {
    const { transports, acceptor } = this.#context
    const opening = readOpening(first, transports)
    if (opening === 'syslog') {
      this.#read(first)
    } else if (opening === 'tls' && acceptor !== undefined) {
      // With our FIN on its way no handshake can come to its end.
      if (this.#endedByUs) this.close()
      else this.#shakeHands(first, acceptor)
    } else {
      this.#empty = false
      this.#context.onUnwanted(this, opening === 'plain_not_offered' ? opening : 'tls_not_offered')
      this.close()
    }
  }

  #read(chunk: Buffer): void {
    this.#lastReadMs = this.#context.clock.nowMs
    this.#empty = false
    this.#reader.read(chunk, this.#origin)
    this.#answers?.weigh()
  }

  #flow(): void {
    if (this.#paused || (this.#answers?.tooMany === true && !this.#over)) this.#socket.pause()
    else this.#socket.resume()
  }

  #wait(): void {
    this.pause()
    this.#context.onPaused(this)
  }

  #shakeHands(chunk: Buffer, acceptor: TlsAcceptor): void {
    const socket = this.#socket
    this.#stage = 'handshake'
    endReadShared(socket)
    socket.pause()
    socket.unshift(Buffer.from(chunk))
    acceptor.accept(socket, this.peer, (secure, certSubject) => {
      const { peer, port, proxy } = this.#origin
      this.#stage = 'secure'
      this.#socket = secure
      this.#lastReadMs = this.#context.clock.nowMs
      this.#origin = this.#originOf(this.#context.protocol.secure, peer, port, proxy, certSubject)
      this.#listen(secure)
      readShared(secure, (data) => this.#read(data))
      // Not in this turn: Node loses what came in one chunk with the end of a TLS 1.3 handshake if our side ends before it is read.
      if (this.#endedByUs) setImmediate(() => this.#finishOurSide())
      if (this.#context.blocked()) this.pause()
    })
  }

  #refuse(reason: RefusalReason, why?: string): void {
    this.#empty = false
    this.#context.onRefused(this, reason, why)
    this.close()
  }

  /** Nothing more will be read. The end of a TLS stream, too, may come in the same read as what is held. */
  #finishFraming(): void {
    this.#reader.close()
    this.#proxy?.end()
    this.#reader.finish(this.#origin)
  }

  #closed(): void {
    if (this.#stage === 'closed') return
    clearTimeout(this.#closeTimer)
    this.#finishFraming()
    // Load balancers look whether the port is open, with or without a handshake; a handshake that failed is counted as such.
    if (this.#empty && !this.#endedByUs && this.#stage !== 'handshake') this.#context.counters.healthChecks++
    this.#stage = 'closed'
    this.#context.onClosed(this)
  }
}
