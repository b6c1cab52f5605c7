import type { Slice } from './batch-encoder.ts'

/** How many messages were delivered: the `end` of the last slice that was; and what went wrong when that is not the last of all. */
export interface Appended {
  readonly delivered: number
  readonly error?: unknown
}

/** Where a file sink puts its lines. */
export interface LineOutput {
  /** Rejects when it cannot be written to. */
  open(): Promise<void>
  /** Writes slices in order. Never rejects. One call at a time. */
  append(next: () => Slice | undefined, signal: AbortSignal): Promise<Appended>
  close(): Promise<void>
}
