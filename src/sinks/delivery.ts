import type { RelayError } from '../core/errors.ts'

/** What became of messages: those before this index are delivered, and why not all. */
export interface Fate {
  readonly delivered: number
  readonly error?: RelayError
}

/** What came of giving messages to a connection. */
export interface Delivery {
  /** The messages before this index were written, if only in part: the peer may read any of them. */
  readonly written: number
  /** Why not all of them were. */
  readonly error?: RelayError
  /** Resolves when it is known what became of those that were written. Never rejects. */
  readonly fate: Promise<Fate>
}
