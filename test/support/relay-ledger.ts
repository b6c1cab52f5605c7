import type { Ledger, SinkLedger } from '../../src/core/ledger.ts'

type Counts = Readonly<Partial<Record<string, number>>>

export function sum(counts: Counts): number {
  return Object.values(counts).reduce<number>((total, count) => total + (count ?? 0), 0)
}

/** What a sink received and has no place for, in words; empty when every message of every sink has exactly one place. */
export function unbalanced(ledger: Ledger): string[] {
  return Object.entries(ledger.sinks)
    .filter(([, sink]) => sink.received !== placed(sink) || sink.received !== sum(ledger.received))
    .map(([name, sink]) => `${name}: ${JSON.stringify(sink)} of ${JSON.stringify(ledger.received)}`)
}

function placed({ delivered, queued, rejected, dropped }: SinkLedger): number {
  return delivered + queued + rejected + sum(dropped)
}
