import type { Origin, Seq, SeqRange } from './batch.ts'
import type { ErrorCode, RelayError } from './errors.ts'

/** A message that a sink refused for good, and why. It becomes a dead letter before the cursor passes it. */
export interface Rejected {
  readonly seqs: SeqRange
  readonly error: RelayError
}

/** Stands in the place of a sink's name for what a source could not read. No sink can be called so. */
export const sourceLetters = '@source'

/** A message that a sink refused for good; or, of `@source`, a thing that the source could not read. */
export interface DeadLetter {
  /** Number of the message; letters of `@source` have numbers of their own. */
  readonly seq: Seq
  readonly sink: string
  /** Of the queue that gave the number: with it the message has its name for ever. */
  readonly queueId: string
  /** Why: code and message of the error. */
  readonly code: ErrorCode
  readonly reason: string
  readonly rejectedAtMs: number
  readonly receivedAtMs: number
  readonly origin: Origin
  /** Bits of MessageFlag. */
  readonly flags: number
  /** The message; of `@source` a JSON object that the source itself understands. */
  readonly bytes: Buffer
}

/** What a source could not read and goes past. */
export interface SourceLetter {
  readonly code: ErrorCode
  readonly reason: string
  readonly origin: Origin
  /** JSON: what the source needs to try again. */
  readonly bytes: Buffer
}

/** How many dead letters a queue holds for a sink. */
export interface HeldLetters {
  readonly sink: string
  readonly messages: number
  /** As stored. */
  readonly bytes: number
  /** Deleted to make room for newer ones, in the life of the queue. */
  readonly evicted: number
}

/**
 * The dead letters of a queue, by sink; those of sinks that are not configured any more are kept. A letter is seen once the
 * sink's cursor has passed it: until then a kill would take it back and send the message again.
 */
export interface DeadLetters {
  /** Of every sink that has some. */
  held(): readonly HeldLetters[]
  /** Those of a sink numbered `fromSeq` and above, oldest first; ends early when the signal aborts. Damaged ones are left out. */
  read(sink: string, fromSeq: Seq, signal: AbortSignal): AsyncIterable<DeadLetter>
  /**
   * These are no dead letters any more. `delivered`: they were sent again, and taken; the ledger moves them from `rejected` to
   * `delivered` in the same write, those too that were evicted or deleted while they were being sent. `deleted`: nobody wants them; they stay `rejected`. Resolves with how many there were.
   */
  settle(sink: string, seqs: readonly SeqRange[], how: 'delivered' | 'deleted'): Promise<number>
  /** These were sent again and refused again: they stay, with the new reason. Resolves with how many there were. */
  refuse(sink: string, rejected: readonly Rejected[]): Promise<number>
}

/** Which dead letters of a sink: all, those of a group, the one with a number. */
export interface LetterSelection {
  /** See LetterGroup. */
  readonly group?: string
  readonly seq?: Seq
}

/** Dead letters that have the same reason, apart from numbers, ids and what is quoted in it. */
export interface LetterGroup {
  /** Eight hexadecimal digits, made from code and reason: the same on every relay and in every life. */
  readonly id: string
  readonly code: ErrorCode
  /** What all of them have in common: `…` and `#` stand for what differs. */
  readonly reason: string
  readonly messages: number
  /** When the first and the last were refused, milliseconds since the epoch. */
  readonly oldestAtMs: number
  readonly newestAtMs: number
}

/** The dead letters of a sink, sorted by their reasons. */
export interface SortedLetters extends HeldLetters {
  /** The sink is not configured any more: its letters can be looked at and deleted, and not replayed. */
  readonly gone?: true
  /** The largest first. Letters of thousands of reasons may be in none. */
  readonly groups: readonly LetterGroup[]
}

/** What a replay is going to send, and whether it has a chance. */
export interface ReplayPlan {
  readonly messages: number
  readonly groups: readonly LetterGroup[]
  /** Type of the sink; `source` for what the source is to read again. */
  readonly to: string
  /** It fails now, and why. */
  readonly failing?: { readonly code: string; readonly message: string; readonly sinceMs?: number }
}

/** How far a replay has come. What is in none of the counts was not sent, or nobody knows whether it arrived. */
export interface ReplayProgress {
  readonly delivered: number
  /** Refused again. */
  readonly refused: number
  /** It ended before all was sent, and why: the rest stays. */
  readonly stopped?: { readonly code: ErrorCode; readonly message: string; readonly hint?: string }
}

/** A replay tells first what it is going to do, then how far it is. */
export type ReplayStep = { readonly plan: ReplayPlan } | { readonly progress: ReplayProgress }
