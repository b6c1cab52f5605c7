import type { Socket } from 'node:net'
import type { Origin, Transport } from '../core/batch.ts'
import type { Framer } from '../core/framing.ts'
import type { Intake } from '../core/intake.ts'
import type { Logger } from '../core/logger.ts'
import type { Collector } from './collector.ts'
import { type Opening, readOpening } from './connection-opening.ts'
import { endReadShared, readShared } from './shared-read-buffer.ts'
import { type SourceCounters, tellTooLong } from './source-counters.ts'
import type { TlsAcceptor } from './tls-acceptor.ts'

/** What all connections of a source share. */
export interface ConnectionContext {
  readonly transports: readonly Transport[]
  readonly intake: Intake
  readonly collector: Collector
  readonly counters: SourceCounters
  readonly logger: Logger
  readonly acceptor: TlsAcceptor | undefined
  /** Advances only while the source reads; whoever judges silence moves it. */
  readonly clock: { readonly nowMs: number }
  newFramer(): Framer
  /** The source as a whole does not read at present. */
  blocked(): boolean
  /** The connection stopped reading, and is to be resumed when the pressure is gone. */
  onPaused(connection: StreamConnection): void
  onUnwanted(connection: StreamConnection, opening: Exclude<Opening, 'syslog' | 'tls'>): void
  onClosed(connection: StreamConnection): void
}

/** One accepted TCP connection, from its first byte to its last: opening, the TLS handshake if it asks for one, framing. */
export class StreamConnection {
  readonly peer: string
  readonly port: number
  readonly #context: ConnectionContext
  #socket: Socket
  #origin: Origin
  #framer: Framer | undefined
  #stage: 'plain' | 'handshake' | 'secure' | 'closed' = 'plain'
  #paused = false
  /** Read and not yet framed, because the collector was saturated; its sender knows it to be received. */
  #held: Buffer | undefined
  #empty = true
  #endedByUs = false
  #closing = false
  #lastReadMs: number

  constructor(socket: Socket, peer: string, context: ConnectionContext) {
    this.peer = peer
    this.port = socket.remotePort ?? 0
    this.#context = context
    this.#socket = socket
    this.#origin = { peer, port: this.port, transport: 'tcp' }
    this.#lastReadMs = context.clock.nowMs
    this.#listen(socket)
    readShared(socket, (chunk) => this.#receive(chunk))
    if (context.blocked()) this.pause()
  }

  /** Nothing of an unfinished message has been read. */
  get atBoundary(): boolean {
    return this.#framer?.atBoundary ?? true
  }

  /** Time of the source's clock without a byte. */
  get silentMs(): number {
    return this.#context.clock.nowMs - this.#lastReadMs
  }

  /** What arrives stays with the sender's kernel, apart from the one chunk that may be under way. */
  pause(): void {
    if (this.#paused || this.#stage === 'handshake') return
    this.#paused = true
    this.#socket.pause()
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#readHeld()
    if (!this.#paused) this.#socket.resume()
  }

  /** Tells the peer that we are leaving; what it still sends is read. */
  halfClose(): void {
    this.#endedByUs = true
    // A handshake may be followed by messages that are under way already: see #shakeHands.
    if (this.#stage !== 'handshake') this.#socket.end()
  }

  /** Lets go of the connection at once; an unfinished message is kept and marked. */
  close(): void {
    if (this.#endedByUs && this.#socket.destroyed) return
    this.#endedByUs = true
    if (this.#stage === 'handshake') this.#context.acceptor?.abandon(this.#socket)
    this.#finishFraming()
    this.#socket.destroy()
  }

  #listen(socket: Socket): void {
    socket.on('end', () => {
      if (this.#stage === 'handshake') return
      this.#finishFraming()
      socket.end()
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
    if (this.#empty && this.#stage === 'plain') this.#open(chunk)
    else this.#read(chunk)
  }

  #open(first: Buffer): void {
    const { transports, acceptor } = this.#context
    const opening = readOpening(first, transports)
    if (opening === 'syslog') {
      this.#read(first)
    } else if (opening === 'tls' && acceptor !== undefined) {
      this.#shakeHands(first, acceptor)
    } else {
      this.#empty = false
      this.#context.onUnwanted(this, opening === 'plain_not_offered' ? opening : 'tls_not_offered')
      this.close()
    }
  }

  #read(chunk: Buffer): void {
    const { collector, counters, intake, clock } = this.#context
    this.#lastReadMs = clock.nowMs
    this.#empty = false
    const held = this.#held
    if ((collector.saturated || held !== undefined) && !this.#closing) {
      // Thousands of connections may be read in one turn of the event loop: their chunks must not become one batch.
      // A pause does not hold back the TLS records that came in the same read: each is a chunk, up to 64 KiB in all.
      this.#held = held === undefined ? Buffer.from(chunk) : Buffer.concat([held, chunk])
      this.#wait()
      return
    }
    this.#framer ??= this.#context.newFramer()
    collector.writer.from(this.#origin, Date.now())
    this.#framer.push(chunk, collector.writer)
    tellTooLong(counters, intake, this.#origin.transport)
    collector.wrote()
    if (collector.pressed) this.#wait()
  }

  #readHeld(): void {
    const held = this.#held
    this.#held = undefined
    if (held !== undefined) this.#read(held)
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
    acceptor.accept(socket, (secure, certSubject) => {
      this.#stage = 'secure'
      this.#socket = secure
      this.#lastReadMs = this.#context.clock.nowMs
      this.#origin = { peer: this.peer, port: this.port, transport: 'tls', ...(certSubject === undefined ? {} : { certSubject }) }
      this.#listen(secure)
      readShared(secure, (data) => this.#read(data))
      // Not in this turn: Node loses what came in one chunk with the end of a TLS 1.3 handshake if our side ends before it is read.
      if (this.#endedByUs) setImmediate(() => secure.end())
      if (this.#context.blocked()) this.pause()
    })
  }

  /** Nothing more will be read. The end of a TLS stream, too, may come in the same read as what is held. */
  #finishFraming(): void {
    this.#closing = true
    this.#readHeld()
    const framer = this.#framer
    this.#framer = undefined
    if (framer === undefined) return
    const { collector } = this.#context
    collector.writer.from(this.#origin, Date.now())
    framer.end(collector.writer)
    tellTooLong(this.#context.counters, this.#context.intake, this.#origin.transport)
    collector.wrote()
  }

  #closed(): void {
    if (this.#stage === 'closed') return
    this.#finishFraming()
    // Load balancers look whether the port is open, with or without a handshake; a handshake that failed is counted as such.
    if (this.#empty && !this.#endedByUs && this.#stage !== 'handshake') this.#context.counters.healthChecks++
    this.#stage = 'closed'
    this.#context.onClosed(this)
  }
}
