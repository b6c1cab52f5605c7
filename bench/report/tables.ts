import type { AdminResult } from '../scenarios/admin-load.ts'
import type { BacklogResult } from '../scenarios/backlog.ts'
import type { HandshakesResult } from '../scenarios/handshakes.ts'
import type { LatencyResult } from '../scenarios/latency.ts'
import type { LoadResult } from '../scenarios/measured-run.ts'
import type { PassThroughResult } from '../scenarios/pass-through.ts'
import type { UdpStep } from '../scenarios/udp-ladder.ts'
import { milliseconds, table, whole, withSpread } from './format.ts'
import { ratios, type Spread, spread } from './statistics.ts'

/** Everything one relay showed in one scenario, run by run; no run where it failed. */
export interface RelayRuns<T> {
  readonly name: string
  readonly storage: string
  readonly runs: readonly T[]
}

/** Throughput and its cost; the ratios are those of logrelay, the first two relays, to each one in the same round. */
export function loadTable(all: readonly RelayRuns<LoadResult>[]): string {
  const own = all.filter(({ name, runs }) => name.startsWith('logrelay') && runs.length > 0)
  const rows = all.map(({ name, storage, runs }) => {
    if (runs.length === 0) return [name, storage, 'failed', ...Array.from({ length: own.length + 4 }, () => '')]
    return [
      name,
      storage,
      withSpread(spreadOf(runs, 'messagesPerSecond'), whole),
      ...own.map((one) =>
        withSpread(ratios(values(one.runs, 'messagesPerSecond'), values(runs, 'messagesPerSecond')), (ratio) => ratio.toFixed(2)),
      ),
      withSpread(spreadOf(runs, 'cpuMicroseconds'), (value) => value.toFixed(2)),
      losses(runs),
      whole(spreadOf(runs, 'peakMiB').most),
      whole(spreadOf(runs, 'anonymousMiB').most),
    ]
  })
  const head = ['relay', 'messages are', 'messages/s', ...own.map(({ name }) => `${name} is × faster`), 'CPU µs/message', 'lost']
  return table(2, [...head, 'peak memory MiB', 'of it anonymous MiB'], rows)
}

/** The highest rate without a loss, and what was lost at the next one; of several runs the worst. */
export function udpTable(all: readonly RelayRuns<readonly UdpStep[]>[]): string {
  const rows = all.map(({ name, storage, runs }) => {
    const climbs = runs.map(lastStep).toSorted((a, b) => (a.clean?.rate ?? 0) - (b.clean?.rate ?? 0))
    const worst = climbs[0]
    if (worst === undefined) return [name, storage, 'failed', '', '']
    const { clean, lossy } = worst
    const loss = lossy === undefined ? 'higher rates not reached' : `${describeLoss(lossy)} at ${whole(lossy.rate)}/s`
    return [name, storage, clean === undefined ? 'none' : whole(clean.rate), clean?.cpuMicroseconds.toFixed(2) ?? '', loss]
  })
  return table(2, ['relay', 'messages are', 'packets/s without a loss', 'CPU µs/message there', 'lost at the next rate'], rows)
}

export function latencyTable(all: readonly RelayRuns<LatencyResult>[]): string {
  const rows = all.map(({ name, storage, runs }) => {
    if (runs.length === 0) return [name, storage, 'failed', '', '']
    return [name, storage, ...(['p50Ms', 'p99Ms', 'maxMs'] as const).map((key) => withSpread(spreadOf(runs, key), milliseconds))]
  })
  return table(2, ['relay', 'messages are', 'median ms', 'p99 ms', 'worst ms'], rows)
}

export function backlogTable(runs: readonly BacklogResult[]): string {
  const show = (value: (run: BacklogResult) => number, format: (value: number) => string) => withSpread(spread(runs.map(value)), format)
  const percent = (value: number) => `${(value * 100).toFixed(0)} %`
  const rows = [
    ['backlog on disk, MiB', show((run) => run.bytes / 2 ** 20, whole)],
    ['messages in it', show((run) => run.messages, whole)],
    [
      'start-up with it after a kill, seconds from the start of the process until ready',
      show(
        (run) => run.startSeconds,
        (value) => value.toFixed(2),
      ),
    ],
    ['intake with an empty queue, all of it delivered at once, messages/s', show((run) => run.intakeEmpty, whole)],
    ['intake on top of the backlog, messages/s', show((run) => run.intakeFull, whole)],
    ['of that of an empty queue', show((run) => run.intakeFull / run.intakeEmpty, percent)],
    ['intake while the backlog drains, messages/s', show((run) => run.intakeDraining, whole)],
    ['of that of an empty queue', show((run) => run.intakeDraining / run.intakeEmpty, percent)],
    ['delivered meanwhile, messages/s', show((run) => run.drainRate, whole)],
    ['anonymous memory while it drains, most MiB', show((run) => run.anonymousMiB, whole)],
    ['peak memory with mapped files, MiB', show((run) => run.peakMiB, whole)],
    ['lost', show((run) => run.lost, whole)],
  ]
  return table(1, ['durable, upstream not reading, then reading', ''], rows)
}

/** `load`: what the relay did, in words. */
export function handshakesTable(load: string, runs: readonly HandshakesResult[]): string {
  const show = (value: (run: HandshakesResult) => number, format: (value: number) => string) => withSpread(spread(runs.map(value)), format)
  const oneDigit = (value: number) => value.toFixed(1)
  const rows = [
    ['handshakes/s', show((run) => run.perSecond, whole)],
    ['failed', show((run) => run.failed, whole)],
    ['median ms', show((run) => run.p50Ms, oneDigit)],
    ['p99 ms', show((run) => run.p99Ms, oneDigit)],
    ['cores that the relay used for all of it', show((run) => run.cores, oneDigit)],
    ['lost', show((run) => run.lost, whole)],
  ]
  return table(1, [load, ''], rows)
}

export function passThroughTable(runs: readonly PassThroughResult[]): string {
  const show = (value: (run: PassThroughResult) => number, format = whole) => withSpread(spread(runs.map(value)), format)
  const rows = [
    ['passed through, MiB', show((run) => run.bytes / 2 ** 20)],
    ['messages/s', show((run) => run.messagesPerSecond)],
    [
      'CPU µs/message',
      show(
        (run) => run.cpuMicroseconds,
        (value) => value.toFixed(2),
      ),
    ],
    ['most disk at a time, MiB', show((run) => run.mostDiskMiB)],
    ['disk at the end, MiB', show((run) => run.finalDiskMiB)],
    ['peak memory, MiB', show((run) => run.peakMiB)],
    ['of it anonymous, MiB', show((run) => run.anonymousMiB)],
    ['lost', show((run) => run.lost)],
  ]
  return table(1, ['durable', ''], rows)
}

export function adminTable(rate: number, rounds: readonly (readonly AdminResult[])[]): string {
  const rows = (rounds[0] ?? []).map(({ path }) => {
    const results = rounds.flatMap((round) => round.filter((result) => result.path === path))
    // autocannon's clock has whole milliseconds.
    const clock = (value: number) => (value === 0 ? '< 1' : whole(value))
    return [
      path,
      withSpread(spreadOf(results, 'requestsPerSecond'), whole),
      withSpread(spreadOf(results, 'medianMs'), clock),
      withSpread(spreadOf(results, 'p99Ms'), clock),
      whole(spreadOf(results, 'failed').most),
    ]
  })
  return table(1, [`endpoint, with ${whole(rate)} messages/s through the relay`, 'requests/s', 'median ms', 'p99 ms', 'failed'], rows)
}

function lastStep(steps: readonly UdpStep[]): { clean: UdpStep | undefined; lossy: UdpStep | undefined } {
  return { clean: steps.findLast((step) => step.lost === 0), lossy: steps.find((step) => step.lost > 0) }
}

/** The worst run, with what the relay's own ledger says of it where it has one. */
function losses(runs: readonly LoadResult[]): string {
  const worst = runs.reduce((most, run) => (run.lost > most.lost ? run : most))
  return worst.lost === 0 ? '0' : describeLoss(worst)
}

function describeLoss({ lost, sent, countedLost }: LoadResult): string {
  const share = `${whole(lost)} (${((lost / sent) * 100).toPrecision(2)} %)`
  return countedLost === undefined ? share : `${share}, ${whole(countedLost)} of them counted`
}

function values<K extends string>(runs: readonly Readonly<Record<K, number>>[], key: K): number[] {
  return runs.map((run) => run[key])
}

function spreadOf<K extends string>(runs: readonly Readonly<Record<K, number>>[], key: K): Spread {
  return spread(values(runs, key))
}
