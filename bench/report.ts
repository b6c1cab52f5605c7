import { readFile, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { type AdminResult, adminPaths, adminRate } from './admin-load.ts'
import type { LoadResult } from './relay-load.ts'
import type { Load } from './traffic.ts'

/** All runs of one relay under one load. */
export interface RelayRuns {
  readonly peer: string
  readonly load: Load
  readonly runs: readonly LoadResult[]
}

const begin = '<!-- figures: begin -->'
const end = '<!-- figures: end -->'

/** A Markdown table of medians, and of the most that any run lost; every ratio is to the first relay under the same load. */
export function relayTable(all: readonly RelayRuns[]): string {
  const rows = all.map(({ peer, load, runs }) => {
    const first = all.find((other) => other.load === load) as RelayRuns
    const rate = median(runs.map((run) => run.messagesPerSecond))
    return [
      describeLoad(load),
      peer,
      whole(rate),
      (rate / median(first.runs.map((run) => run.messagesPerSecond))).toFixed(2),
      median(runs.map((run) => run.cpuMicroseconds)).toFixed(2),
      describeLoss(runs),
      whole(median(runs.map((run) => run.peakMiB))),
    ]
  })
  return table(['load', 'relay', 'messages/s', 'ratio', 'CPU µs/message', 'lost', 'peak memory MiB'], rows)
}

/** A Markdown table of medians over the rounds. */
export function adminTable(rounds: readonly (readonly AdminResult[])[]): string {
  const rows = adminPaths.map((path) => {
    const results = rounds.flatMap((round) => round.filter((result) => result.path === path))
    return [
      path,
      whole(median(results.map((result) => result.requestsPerSecond))),
      milliseconds(median(results.map((result) => result.medianMs))),
      milliseconds(median(results.map((result) => result.p99Ms))),
      whole(Math.max(...results.map((result) => result.failed))),
    ]
  })
  return table([`endpoint, with ${whole(adminRate)} messages/s through the relay`, 'requests/s', 'median ms', 'p99 ms', 'failed'], rows)
}

/** Where and with what the figures were made. */
export function machine(rsyslogVersion: string | undefined): string {
  const model = cpus()[0]?.model ?? 'unknown processor'
  const peer = rsyslogVersion === undefined ? '' : `, rsyslog ${rsyslogVersion}`
  return `${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores (${model}), Node.js ${process.versions.node}${peer}`
}

/** Puts the text between the markers of bench/README.md. */
export async function writeFigures(text: string): Promise<void> {
  const file = new URL('README.md', import.meta.url)
  const readme = await readFile(file, 'utf8')
  const from = readme.indexOf(begin)
  const to = readme.indexOf(end)
  if (from < 0 || to < from) throw new Error(`bench/README.md has lost its markers ${begin} and ${end}`)
  await writeFile(file, `${readme.slice(0, from + begin.length)}\n${text.trim()}\n${readme.slice(to)}`)
}

export function describeLoad({ protocol, rate, connections }: Load): string {
  const how = rate === 0 ? 'flat out' : `${whole(rate)}/s`
  return protocol === 'tcp' ? `TCP, ${connections} connections, ${how}` : `UDP, ${how}`
}

/** The worst run, with what the relay's own ledger says of it where it has one. */
function describeLoss(runs: readonly LoadResult[]): string {
  const worst = runs.reduce((most, run) => (run.lost > most.lost ? run : most))
  const counted = worst.lost === 0 || worst.countedLost === undefined ? '' : ` (${whole(worst.countedLost)} counted)`
  return whole(worst.lost) + counted
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] as number
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2
}

/** autocannon's clock has whole milliseconds. */
function milliseconds(value: number): string {
  return value === 0 ? '< 1' : whole(value)
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en')
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, i) => (i < 2 ? '---' : '---:'))), ...rows.map(line)].join('\n')
}
