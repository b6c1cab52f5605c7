import type { SyslogSourceConfig } from '../config/schema.ts'
import type { Transport } from '../core/batch.ts'
import type { Framer } from '../core/framing.ts'
import { createFramer } from '../framing/create-framer.ts'
import type { SourceCounters } from './source-counters.ts'

/** What a session may do with its connection. */
export interface SessionLink {
  /** For logs. */
  readonly peer: string
  write(bytes: Buffer): void
  /** Our side is finished: what was written arrives, and what still comes is read and thrown away. */
  end(): void
  /** The peer breaks the protocol: the connection is closed and counted. */
  fail(why: string): void
}

/** One connection's talk, from its first byte after PROXY headers and TLS. */
export interface Session {
  readonly framer: Framer
  /** Of answers that will come for what was read already; absent where nothing is answered. */
  readonly owedBytes?: number
  /**
   * We want to leave: the session takes nothing more and ends the link when it has said what it owes, or `now`, and its peer
   * sends the rest again elsewhere. Absent where the protocol says nothing: then our FIN tells the peer, and what it still
   * sends is read.
   */
  leave?(now: boolean): void
}

/** What is spoken on the connections of a source. */
export interface StreamProtocol {
  /** How messages that came over it are marked. */
  readonly plain: Transport
  readonly secure: Transport
  /** Peers send again, here or elsewhere, what was not acknowledged. */
  readonly acknowledges: boolean
  newSession(link: SessionLink): Session
}

/** Syslog: one way (RFC 6587, RFC 5425). */
export function syslogProtocol(config: SyslogSourceConfig, counters: SourceCounters): StreamProtocol {
  const { framing, max_message_size: maxMessageBytes, when_too_long: whenTooLong } = config
  const limits = { maxMessageBytes, whenTooLong }
  const newSession = () => ({ framer: createFramer(framing, limits, counters.framing) })
  return { plain: 'tcp', secure: 'tls', acknowledges: false, newSession }
}
