import type { Transport } from './batch.ts'
import type { Component } from './component.ts'
import type { FramingCounts } from './framing.ts'

/** An address a source listens on, for the start banner, /status and tests that let the system choose the port. */
export interface Listening {
  readonly transports: readonly Transport[]
  readonly address: string
  readonly port: number
}

/** A source's counters besides messages; all ascending but `connections`. */
export interface SourceStats extends Readonly<FramingCounts> {
  readonly listening: readonly Listening[]
  /** Open now. */
  readonly connections: number
  readonly accepted: number
  /** Connections that ended without a byte: a load balancer looking whether the port is open. */
  readonly healthChecks: number
  /** Refused, by reason. */
  readonly refused: Readonly<Record<'not_allowed' | 'too_many' | 'too_many_from_peer', number>>
  /** Handshakes that failed or took too long. */
  readonly tlsFailures: number
  readonly idleTimeouts: number
}

export interface Source extends Component {
  /** The pipeline cannot take messages: close listening TCP ports, stop reading connections; UDP stays open and counts what it loses. */
  block(): Promise<void>
  /** It can again: open the ports on the same numbers, go on reading. */
  unblock(): Promise<void>
  stats(): SourceStats
}
