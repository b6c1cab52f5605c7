import type { Failures } from './sizing-nodes.ts'

/** What holds for every pool. */
export interface SizingTerms {
  /** Messages a second that one node receives and delivers at once, flat out, at `messageBytes`. */
  readonly nodeMessagesPerSecond: number
  /** Mean size of a message. */
  readonly messageBytes: number
  /** Bytes on disk for each byte received. */
  readonly storedBytesPerReceivedByte: number
  /** Share of a node's rate that stays free in everyday work, from 0 to below 1. A drain may use it. */
  readonly headroom: number
  readonly failures: Failures
  /** An upstream that takes nothing for so long must cost nothing. */
  readonly outageSeconds: number
  readonly drainWithinSeconds?: number
  /** What the upstream takes, of all pools. Left out: whatever comes. */
  readonly upstreamMessagesPerSecond?: number
  readonly minFreeDiskBytes: number
}
