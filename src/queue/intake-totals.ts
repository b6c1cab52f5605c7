import type { IntakeTotals } from '../batch/batch-codec.ts'
import type { Transport } from '../core/batch.ts'
import type { DropReason } from '../core/intake.ts'
import type { Drops } from '../core/ledger.ts'

export type TransportCounts = Partial<Record<Transport, number>>

export const noIntake: IntakeTotals = { received: { udp: 0, tcp: 0, tls: 0 }, dropped: {} }

/** Totals plus `sign` times what came in; totals are values, never changed in place. */
export function addReceived(totals: IntakeTotals, counts: TransportCounts, sign: 1 | -1 = 1): IntakeTotals {
  const received = { ...totals.received }
  for (const transport of Object.keys(counts) as Transport[])
    received[transport] = (received[transport] ?? 0) + sign * (counts[transport] ?? 0)
  return { received, dropped: totals.dropped }
}

/** `a` plus `sign` times `b`. */
export function addCounts(a: TransportCounts, b: TransportCounts, sign: 1 | -1 = 1): TransportCounts {
  const sum = { ...a }
  for (const transport of Object.keys(b) as Transport[]) sum[transport] = (sum[transport] ?? 0) + sign * (b[transport] ?? 0)
  return sum
}

export function addDropped(drops: Drops, reason: DropReason, messages: number): Drops {
  return { ...drops, [reason]: (drops[reason] ?? 0) + messages }
}

/** `a` plus `sign` times `b`, reasons without a message left out. */
export function sumDrops(a: Drops, b: Drops, sign: 1 | -1 = 1): Drops {
  const sum: Partial<Record<DropReason, number>> = {}
  for (const reason of Object.keys({ ...a, ...b }) as DropReason[]) {
    const messages = (a[reason] ?? 0) + sign * (b[reason] ?? 0)
    if (messages !== 0) sum[reason] = messages
  }
  return sum
}

export function totalDrops(drops: Drops): number {
  return Object.values(drops).reduce((sum, messages) => sum + messages, 0)
}

export function totalReceived(totals: IntakeTotals): number {
  return Object.values(totals.received).reduce((sum, messages) => sum + messages, 0)
}
