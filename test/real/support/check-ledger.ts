import type { Ledger } from '../../../src/core/ledger.ts'

/** Throws unless every message that a sink's ledger received has exactly one place. */
export function checkLedger(ledger: Ledger): void {
  const received = sum(ledger.received)
  for (const [name, sink] of Object.entries(ledger.sinks)) {
    const accounted = sink.delivered + sink.queued + sink.rejected + sum(sink.dropped)
    if (sink.received !== accounted || sink.received !== received) {
      throw new Error(`the ledger of sink ${name} does not balance: ${JSON.stringify(ledger)}`)
    }
  }
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0)
}
