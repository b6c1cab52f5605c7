import type { Transport } from './batch.ts'
import type { Component } from './component.ts'
import type { FramingCounts } from './framing.ts'

/** An address a source listens on, for the start banner, /status and tests that let the system choose the port. */
export interface Listening {
  readonly transports: readonly Transport[]
  readonly address: string
  readonly port: number
}

export type RefusalReason =
  | 'not_allowed'
  | 'too_many'
  | 'too_many_from_peer'
  | 'proxy_missing' // proxy_protocol: required, and no header came from a trusted address
  | 'proxy_malformed' // it began as a PROXY header and is none
  | 'protocol_error' // RELP: not what the protocol allows

/** What a source that fetches is doing. Times are milliseconds since the epoch; the counters begin with each start. */
export interface PollingStatus {
  /** Where it fetches from: `s3://bucket/prefix`. */
  readonly from: string
  readonly state: 'idle' | 'reading' | 'paused' | 'backing_off'
  readonly failingSinceMs?: number
  readonly error?: { readonly code: string; readonly message: string }
  readonly retryAtMs?: number
  readonly lastListedAtMs?: number
  /** Objects known and not begun; being read now. */
  readonly waiting: number
  readonly reading: number
  /** Objects read to their end. */
  readonly completed: number
  /** Objects that became dead letters. */
  readonly failed: number
  /** Objects that another relay had begun and did not finish. */
  readonly takenOver: number
  /** Messages that were read again because the progress stood before them: after a crash of this relay, or of the one taken over from. Only what this relay can know. */
  readonly repeatedMessages: number
  readonly bytes: number
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
  readonly refused: Readonly<Record<RefusalReason, number>>
  /** Connections and datagrams whose client a trusted PROXY header named. */
  readonly proxied: number
  /** Handshakes that failed or took too long. */
  readonly tlsFailures: number
  /** Connections that ended inside their TLS handshake: a load balancer looking whether the port is open, as a rule. */
  readonly tlsEofs: number
  readonly idleTimeouts: number
  /** Connections that were asked to leave because of max_connection_age. */
  readonly aged: number
  /** Of a source that fetches. */
  readonly polling?: PollingStatus
}

export interface Source extends Component {
  /** The pipeline cannot take messages: close listening TCP ports, stop reading connections; UDP stays open and counts what it loses. */
  block(): Promise<void>
  /** It can again: open the ports on the same numbers, go on reading. */
  unblock(): Promise<void>
  /**
   * The first half of a stop: TCP ports close for good, connections are asked to leave and read to their end, for which a blocked
   * source waits until it is unblocked. UDP is read until nothing has come for a while, or `stragglers` aborts. Resolves then,
   * or when the deadline aborts.
   */
  leave(deadline: AbortSignal, stragglers: AbortSignal): Promise<void>
  stats(): SourceStats
  /** Tries again what became a dead letter of `@source`: `bytes` is the letter's. Rejects where it makes no sense of it. Absent where a source makes none. */
  retry?(bytes: Buffer): Promise<void>
}
