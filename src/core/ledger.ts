import type { Transport } from './batch.ts'
import type { DropReason } from './intake.ts'

export type Drops = Readonly<Partial<Record<DropReason, number>>>

/** One sink's side: received = delivered + queued + rejected + the sum of dropped. All are messages. */
export interface SinkLedger {
  /** What was received since this sink was added to the pipeline. */
  readonly received: number
  readonly delivered: number
  readonly rejected: number
  readonly queued: number
  readonly dropped: Drops
}

/** The pipeline's books, at one moment. Kept on disk: a restart goes on counting where the last life ended. */
export interface Ledger {
  readonly received: Readonly<Partial<Record<Transport, number>>>
  /** Received but never stored; counted in every sink's `dropped` as well. */
  readonly dropped: Drops
  readonly sinks: Readonly<Record<string, SinkLedger>>
}
