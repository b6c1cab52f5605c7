import type { SeqRange, StoredBatch } from './batch.ts'
import type { Component } from './component.ts'
import type { Rejected } from './dead-letter.ts'
import type { RelayError } from './errors.ts'

/** A sink's answer for exact messages. What it does not name, and `unsettled` does not answer for, is to be sent again. */
export interface Outcome {
  readonly delivered: readonly SeqRange[]
  readonly rejected: readonly Rejected[]
  /** Present when something is to be sent again: why, and when where the sink knows it better than our back-off. */
  readonly retry?: { readonly error: RelayError; readonly afterMs?: number }
  /** Messages that are written to a peer which does not acknowledge: whether its program has read them shows later. */
  readonly unsettled?: Unsettled
}

export interface Unsettled {
  readonly seqs: readonly SeqRange[]
  /** Resolves when the fate of all of them is known: what it does not name is to be sent again. Never rejects. */
  readonly outcome: Promise<Omit<Outcome, 'unsettled'>>
}

/** One place where a sink delivers to, as /status shows it. */
export interface EndpointStatus {
  readonly endpoint: string
  readonly state: 'idle' | 'connected' | 'backing_off'
  readonly error?: { readonly code: string; readonly message: string }
  readonly retryAtMs?: number
  /** Messages that it has in hand: being sent, or sent and not settled. */
  readonly unsettled?: number
}

export interface Sink extends Component {
  /**
   * Sends in order and answers for every message; the batch's bytes are not used after that. Never rejects; an abort is
   * answered at once with a retry.
   */
  send(batch: StoredBatch, signal: AbortSignal): Promise<Outcome>
  /** Nothing more comes for now: learns the fate of what is unsettled as fast as the peer allows, or gives up when the signal aborts. */
  flush(signal: AbortSignal): Promise<void>
  endpoints(): readonly EndpointStatus[]
}

/** A sink of one place to deliver to, of which there may be several. */
export interface EndpointSink extends Sink {
  /** Gives up on what it has in hand: the connection is dropped, and what is unsettled on it is to be sent again, because of `reason`. */
  giveUp(reason: RelayError): void
}
