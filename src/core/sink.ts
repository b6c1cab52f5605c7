import type { SeqRange, StoredBatch } from './batch.ts'
import type { Component } from './component.ts'
import type { RelayError } from './errors.ts'
import type { Rejected } from './queue.ts'

/** A sink's answer for exact messages. What it does not name is to be sent again. */
export interface Outcome {
  readonly delivered: readonly SeqRange[]
  readonly rejected: readonly Rejected[]
  /** Present when something is to be sent again: why, and when where the sink knows it better than our back-off. */
  readonly retry?: { readonly error: RelayError; readonly afterMs?: number }
}

/** One place where a sink delivers to, as /status shows it. */
export interface EndpointStatus {
  readonly endpoint: string
  readonly state: 'idle' | 'connected' | 'backing_off'
  readonly error?: { readonly code: string; readonly message: string }
  readonly retryAtMs?: number
}

export interface Sink extends Component {
  /** Sends in order and answers when the fate of every message is known. Never rejects; an abort is answered at once with a retry. */
  send(batch: StoredBatch, signal: AbortSignal): Promise<Outcome>
  endpoints(): readonly EndpointStatus[]
}
