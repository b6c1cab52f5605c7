import type { Transport } from '../core/batch.ts'
import type { FramingCounts } from '../core/framing.ts'
import type { Intake } from '../core/intake.ts'
import type { SourceStats } from '../core/source.ts'
import { newFramingCounts } from '../framing/counts.ts'

export type RefusalReason = keyof SourceStats['refused']

/** The mutable side of SourceStats, shared by the parts of one source. */
export interface SourceCounters {
  readonly framing: FramingCounts
  accepted: number
  healthChecks: number
  readonly refused: Record<RefusalReason, number>
  tlsFailures: number
  idleTimeouts: number
  /** Of `framing.tooLong`, what the intake was told. */
  tooLongTold: number
}

export function newSourceCounters(): SourceCounters {
  return {
    framing: newFramingCounts(),
    accepted: 0,
    healthChecks: 0,
    refused: { not_allowed: 0, too_many: 0, too_many_from_peer: 0 },
    tlsFailures: 0,
    idleTimeouts: 0,
    tooLongTold: 0,
  }
}

/** To be called after each framing of a chunk: tells the ledger of messages that were refused for their length. */
export function tellTooLong(counters: SourceCounters, intake: Intake, transport: Transport): void {
  const messages = counters.framing.tooLong - counters.tooLongTold
  if (messages === 0) return
  counters.tooLongTold += messages
  intake.drop('too_long', transport, messages)
}
