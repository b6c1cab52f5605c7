import type { IndexingResult } from '../scenarios/indexing.ts'
import type { Ceiling } from '../scenarios/indexing-ceiling.ts'
import { table, whole, withSpread } from './format.ts'
import { ratios, type Spread, spread } from './statistics.ts'
import type { RelayRuns } from './tables.ts'

const head = ['sender', 'messages are', 'documents/s', 'logrelay is × faster', 'CPU µs/document', "upstream's CPU µs/document"]
const lastHead = ['missing', 'twice', 'peak memory MiB', 'of it anonymous MiB']
const twoDigits = (value: number) => value.toFixed(2)

/** What the upstream takes at most, and what each relay brings to it; the ratios are those of logrelay's first row in the same round. */
export function indexingTable(ceilings: readonly Ceiling[], all: readonly RelayRuns<IndexingResult>[]): string {
  const own = all.find(({ name, runs }) => name.startsWith('logrelay') && runs.length > 0)
  return table(2, [...head, ...lastHead], [...ceilings.map(ceilingRow), ...all.map((one) => relayRow(one, own))])
}

function ceilingRow({ connections, ids, documentsPerSecond, upstreamCpuMicroseconds }: Ceiling): string[] {
  const name = `autocannon, ${connections} connection${connections === 1 ? '' : 's'}`
  return [
    name,
    ids ? 'ready-made, with ids' : 'ready-made',
    whole(documentsPerSecond),
    '',
    '',
    twoDigits(upstreamCpuMicroseconds),
    ...lastHead.map(() => ''),
  ]
}

function relayRow({ name, storage, runs }: RelayRuns<IndexingResult>, own: RelayRuns<IndexingResult> | undefined): string[] {
  if (runs.length === 0) return [name, storage, 'failed', ...[...head.slice(3), ...lastHead].map(() => '')]
  const of = (value: (run: IndexingResult) => number): Spread => spread(runs.map(value))
  const rates = (of: RelayRuns<IndexingResult>) => of.runs.map((run) => run.messagesPerSecond)
  return [
    name,
    storage,
    withSpread(
      of((run) => run.messagesPerSecond),
      whole,
    ),
    own === undefined ? '' : withSpread(ratios(rates(own), rates({ name, storage, runs })), twoDigits),
    withSpread(
      of((run) => run.cpuMicroseconds),
      twoDigits,
    ),
    withSpread(
      of((run) => run.upstreamCpuMicroseconds),
      twoDigits,
    ),
    // A node only knows how many there are: more than were sent are some that came twice.
    whole(Math.max(0, of((run) => run.lost).most)),
    whole(Math.max(of((run) => run.duplicates).most, of((run) => -run.lost).most, 0)),
    whole(of((run) => run.peakMiB).most),
    whole(of((run) => run.anonymousMiB).most),
  ]
}
