import type { Origin } from '../core/batch.ts'
import type { Intake } from '../core/intake.ts'
import type { Collector } from './collector.ts'
import { type SourceCounters, tellTooLong } from './source-counters.ts'
import type { Session, SessionLink, StreamProtocol } from './stream-protocol.ts'

/** What the readers of a source share. */
export interface ReaderContext {
  readonly protocol: StreamProtocol
  readonly intake: Intake
  readonly collector: Collector
  readonly counters: SourceCounters
}

/** A connection's own bytes on their way into the collector: one session from its first byte to its last. */
export class SessionReader {
  readonly #context: ReaderContext
  readonly #link: SessionLink
  /** The connection is to be paused until `goOn`. */
  readonly #onWait: () => void
  #session: Session | undefined
  /** Read and not yet framed, because the collector was saturated; its sender knows it to be received. */
  #held: Buffer | undefined
  /** What still comes is thrown away. */
  #deaf = false
  #closing = false
  #finished = false

  constructor(context: ReaderContext, link: SessionLink, onWait: () => void) {
    this.#context = context
    this.#link = link
    this.#onWait = onWait
  }

  /** Undefined before the first byte. */
  get session(): Session | undefined {
    return this.#session
  }

  /** Nothing of an unfinished message has been read. */
  get atBoundary(): boolean {
    return this.#session?.framer.atBoundary ?? true
  }

  /** Everything that comes from now on, and what is held, is nobody's message. */
  stop(): void {
    this.#deaf = true
    this.#held = undefined
  }

  read(chunk: Buffer, origin: Origin): void {
    const { collector, counters, intake, protocol } = this.#context
    if (this.#deaf) return
    const held = this.#held
    if ((collector.saturated || held !== undefined) && !this.#closing) {
      // Thousands of connections may be read in one turn of the event loop: their chunks must not become one batch.
      // A pause does not hold back the TLS records that came in the same read: each is a chunk, up to 64 KiB in all.
      this.#held = held === undefined ? Buffer.from(chunk) : Buffer.concat([held, chunk])
      this.#onWait()
      return
    }
    this.#session ??= protocol.newSession(this.#link)
    collector.writer.from(origin, Date.now())
    this.#session.framer.push(chunk, collector.writer)
    tellTooLong(counters, intake, origin.transport)
    collector.wrote()
    if (collector.pressed) this.#onWait()
  }

  /** The pressure is gone. */
  goOn(origin: Origin): void {
    const held = this.#held
    this.#held = undefined
    if (held !== undefined) this.read(held, origin)
  }

  /** From now on nothing is held back: the connection comes to its end. */
  close(): void {
    this.#closing = true
  }

  /** Nothing more will be read: an unfinished message is kept and marked, where the protocol wants that. */
  finish(origin: Origin): void {
    this.goOn(origin)
    const session = this.#session
    if (session === undefined || this.#finished) return
    this.#finished = true
    const { collector, counters, intake } = this.#context
    collector.writer.from(origin, Date.now())
    session.framer.end(collector.writer)
    tellTooLong(counters, intake, origin.transport)
    collector.wrote()
  }
}
