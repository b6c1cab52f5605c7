import type { RelayError } from '../core/errors.ts'

/** Messages by their index in the batch: from the first up to (not including) the second. */
export type IndexRange = readonly [from: number, to: number]

/** What became of messages: those before this index are delivered, and why not all. */
export interface Fate {
  readonly delivered: number
  /** Delivered as well: a peer may acknowledge in any order. */
  readonly beyond?: readonly IndexRange[]
  readonly error?: RelayError
  /** When to try again, where the connection's end tells it. */
  readonly afterMs?: number
}

/** What came of giving messages to a connection. */
export interface Delivery {
  /** The messages before this index were written, if only in part: the peer may read any of them. */
  readonly written: number
  /** Why not all of them were. */
  readonly error?: RelayError
  readonly afterMs?: number
  /** Resolves when it is known what became of those that were written. Never rejects. */
  readonly fate: Promise<Fate>
}
