import type { Transport } from '../core/batch.ts'
import type { FramingCounts } from '../core/framing.ts'
import type { Intake } from '../core/intake.ts'
import type { RefusalReason } from '../core/source.ts'
import { newFramingCounts } from '../framing/counts.ts'

/** The mutable side of SourceStats, shared by the parts of one source. */
export interface SourceCounters {
  readonly framing: FramingCounts
  accepted: number
  healthChecks: number
  readonly refused: Record<RefusalReason, number>
  proxied: number
  tlsFailures: number
  tlsEofs: number
  idleTimeouts: number
  aged: number
  /** Of `framing.tooLong`, what the intake was told. */
  tooLongTold: number
}

export function newSourceCounters(): SourceCounters {
  return {
    framing: newFramingCounts(),
    accepted: 0,
    healthChecks: 0,
    refused: { not_allowed: 0, too_many: 0, too_many_from_peer: 0, proxy_missing: 0, proxy_malformed: 0, protocol_error: 0 },
    proxied: 0,
    tlsFailures: 0,
    tlsEofs: 0,
    idleTimeouts: 0,
    aged: 0,
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
