import { writeFile } from 'node:fs/promises'
import { type Load, unlimited } from '../load/traffic.ts'
import type { Format, RelayUnderTest } from '../relays/relay-under-test.ts'
import { type ChartRow, throughputChart } from '../report/chart.ts'
import { whole } from '../report/format.ts'
import { installedTables } from '../report/installed-tables.ts'
import { spread } from '../report/statistics.ts'
import {
  adminTable,
  backlogTable,
  handshakesTable,
  latencyTable,
  loadTable,
  passThroughTable,
  type RelayRuns,
  udpTable,
} from '../report/tables.ts'
import type { Part, Settings } from '../settings.ts'
import { adminRate, measureAdmin } from './admin-load.ts'
import { measureBacklog } from './backlog.ts'
import { besideRate, handshakeRate, measureHandshakes } from './handshakes.ts'
import { indexingSection } from './indexing-section.ts'
import { installedSizes, measureInstalled } from './installed.ts'
import { measureLatency } from './latency.ts'
import { type LoadResult, measureRelay } from './measured-run.ts'
import { passThrough } from './pass-through.ts'
import { takeTurns } from './take-turns.ts'
import { climb, type UdpStep } from './udp-ladder.ts'

type Section = (relays: readonly RelayUnderTest[], settings: Settings, note: string) => Promise<string>

/** Each part of the benchmark: runs it and answers with its table. */
export const sections: Readonly<Record<Part, Section>> = {
  async tcp(relays, settings, note) {
    const results = await streams(relays, settings.runs('tcp'), flatOut('tcp', settings), 'rfc5424')
    if (settings.write) await drawChart(results, note)
    return loadTable(results)
  },
  async 'tcp-raw'(relays, settings) {
    const able = relays.filter(({ formats }) => formats.includes('raw'))
    return loadTable(await streams(able, settings.runs('tcp-raw'), flatOut('tcp', settings), 'raw'))
  },
  async tls(relays, settings) {
    const able = relays.filter(({ takesTls }) => takesTls)
    return loadTable(await streams(able, settings.runs('tls'), flatOut('tls', settings), 'rfc5424'))
  },
  async handshakes(_relays, settings) {
    const load = `durable, ${handshakeRate} new TLS connections/s beside ${whole(besideRate)} messages/s`
    return handshakesTable(load, await repeat(settings.runs('handshakes'), () => measureHandshakes(settings.seconds * 2)))
  },
  async udp(relays, settings) {
    const seconds = settings.seconds / 2
    return udpTable(await takeTurns(relays, settings.runs('udp'), (relay) => climb(relay, settings.rates, seconds), describeClimb))
  },
  async latency(relays, settings) {
    const measure = (relay: RelayUnderTest) => measureLatency(relay, settings.latencyMessages)
    const describe = ({ p50Ms, p99Ms }: { p50Ms: number; p99Ms: number }) => `p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms`
    return latencyTable(await takeTurns(relays, settings.runs('latency'), measure, describe))
  },
  async backlog(_relays, settings) {
    return backlogTable(await repeat(settings.runs('backlog'), () => measureBacklog(settings.backlogBytes, settings.seconds)))
  },
  async admin(_relays, settings) {
    return adminTable(adminRate, await repeat(settings.runs('admin'), () => measureAdmin(settings.seconds)))
  },
  async 'pass-through'(_relays, settings) {
    return passThroughTable(await repeat(settings.runs('pass-through'), () => passThrough(settings.passThroughBytes)))
  },
  async elasticsearch(_relays, settings) {
    return await indexingSection(settings)
  },
  async installed(_relays, settings) {
    return installedTables(await measureInstalled(settings.runs('installed')), installedSizes())
  },
}

function flatOut(protocol: 'tcp' | 'tls', { seconds }: Settings): Load {
  return { protocol, first: 0, messages: unlimited, seconds, rate: 0, connections: 4 }
}

async function streams(relays: readonly RelayUnderTest[], runs: number, load: Load, format: Format): Promise<RelayRuns<LoadResult>[]> {
  return await takeTurns(relays, runs, (relay) => measureWhole(relay, load, format), describeLoad)
}

/** Over TCP logrelay loses nothing, or the benchmark fails. */
async function measureWhole(relay: RelayUnderTest, load: Load, format: Format): Promise<LoadResult> {
  const result = await measureRelay(relay, load, format)
  if (relay.name.startsWith('logrelay') && result.lost > 0) throw new Error(`${relay.name} lost ${result.lost} of ${result.sent} messages`)
  return result
}

async function repeat<T>(runs: number, measure: () => Promise<T>): Promise<T[]> {
  const results: T[] = []
  for (let run = 1; run <= runs; run++) results.push(await measure())
  return results
}

function describeLoad({ messagesPerSecond, cpuMicroseconds, lost, peakMiB }: LoadResult): string {
  return `${whole(messagesPerSecond)} messages/s, ${cpuMicroseconds.toFixed(2)} µs, ${whole(lost)} lost, ${whole(peakMiB)} MiB`
}

function describeClimb(steps: readonly UdpStep[]): string {
  return steps
    .map(({ rate, lost, cpuMicroseconds }) => `${whole(rate)}/s: ${whole(lost)} lost (${cpuMicroseconds.toFixed(2)} µs)`)
    .join(', ')
}

async function drawChart(results: readonly RelayRuns<LoadResult>[], note: string): Promise<void> {
  const rows = results
    .filter(({ runs }) => runs.length > 0)
    .map(
      ({ name, storage, runs }): ChartRow => ({
        name,
        detail: storage,
        ours: name.startsWith('logrelay'),
        messagesPerSecond: spread(runs.map((run) => run.messagesPerSecond)),
        cpuMicroseconds: spread(runs.map((run) => run.cpuMicroseconds)),
      }),
    )
  const title = 'Syslog over TCP in and out, messages of 300 bytes'
  await writeFile(new URL('../throughput.svg', import.meta.url), throughputChart(title, note, rows))
}
