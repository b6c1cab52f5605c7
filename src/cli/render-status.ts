import { escapeControl } from '../config/escape-control.ts'
import type { SinkLedger } from '../core/ledger.ts'
import type { PollingStatus } from '../core/source.ts'
import type { PipelineStatus, RelayStatus, SinkStatus } from '../core/status.ts'
import { type Column, renderTable } from './render-table.ts'
import { renderAge, renderCount, renderTime, total } from './render-values.ts'

const columns: readonly Column[] = [
  { title: 'PIPELINE' },
  { title: 'READY' },
  { title: 'RECEIVED', align: 'right' },
  { title: 'QUEUED', align: 'right' },
  { title: 'SINK' },
  { title: 'DELIVERED', align: 'right' },
  { title: 'REJECTED', align: 'right' },
  { title: 'DROPPED', align: 'right' },
  { title: 'STATE' },
  { title: 'NEXT TRY' },
]

/** The whole relay at a glance: one line for each sink of each pipeline, and below what a person should know. */
export function renderStatus(status: RelayStatus, nowMs: number): string {
  const head = `logrelay ${status.version}, process ${status.pid}, ${status.state} since ${renderTime(status.startedAtMs)}, ${status.configFile}\n\n`
  const rows = Object.entries(status.pipelines).flatMap(([name, pipeline]) => pipelineRows(name, pipeline, nowMs))
  const notes = [
    ...relayNotes(status),
    ...Object.entries(status.pipelines).flatMap(([name, pipeline]) => pipelineNotes(name, pipeline, nowMs)),
  ]
  return head + renderTable(columns, rows) + (notes.length === 0 ? '' : `\n${notes.map((note) => `${escapeControl(note)}\n`).join('')}`)
}

function pipelineRows(name: string, { ready, ledger, queue, sinks }: PipelineStatus, nowMs: number): string[][] {
  const first = [name, ready ? 'yes' : 'no', renderCount(total(ledger.received)), renderCount(queue.messages)]
  const rows = Object.entries(sinks).map(([sink, state]) => [sink, ...sinkCells(state, ledger.sinks[sink], nowMs)])
  return rows.length === 0 ? [first] : rows.map((cells, i) => [...(i === 0 ? first : ['', '', '', '']), ...cells])
}

function sinkCells(sink: SinkStatus, ledger: SinkLedger | undefined, nowMs: number): string[] {
  const counts = ledger === undefined ? ['', '', ''] : [ledger.delivered, ledger.rejected, total(ledger.dropped)].map(renderCount)
  const nextTry = sink.retryAtMs === undefined ? '' : `in ${renderAge(sink.retryAtMs - nowMs)}`
  return [...counts, sink.state.replaceAll('_', ' '), nextTry]
}

/** The reasons hold the first line of why a reload was refused; the mistakes of the configuration are the others. */
function relayNotes({ reasons, reloadError }: RelayStatus): string[] {
  return [...reasons, ...(reloadError?.split('\n').slice(1) ?? [])]
}

function pipelineNotes(name: string, pipeline: PipelineStatus, nowMs: number): string[] {
  const notes = pipeline.reasons.map((reason) => `${name}: ${reason}`)
  const { polling } = pipeline.source
  if (polling !== undefined) notes.push(`${name}: ${pollingNote(polling, nowMs)}`)
  for (const [sink, { error, failingSinceMs }] of Object.entries(pipeline.sinks)) {
    // The reasons may name it already, with more besides.
    if (error === undefined || pipeline.reasons.some((reason) => reason.includes(error.message))) continue
    const since = failingSinceMs === undefined ? '' : ` for ${renderAge(nowMs - failingSinceMs)}`
    notes.push(`${name}: sink ${sink} fails${since}: ${error.message} (${error.code})`)
  }
  for (const [reason, messages] of Object.entries(pipeline.ledger.dropped)) {
    if (messages !== undefined && messages > 0)
      notes.push(`${name}: ${renderCount(messages)} received but never stored (${reason.replaceAll('_', ' ')})`)
  }
  return notes
}

/** How far a source has come that fetches; why it fails stands among the reasons. */
function pollingNote({ from, state, reading, waiting, completed, failed, retryAtMs }: PollingStatus, nowMs: number): string {
  const counts = [`${renderCount(completed)} objects read`, `${reading} being read`, `${renderCount(waiting)} known to wait`]
  if (failed > 0) counts.push(`${renderCount(failed)} are dead letters (logrelay deadletter ls)`)
  const next = retryAtMs === undefined ? '' : `, next try in ${renderAge(Math.max(0, retryAtMs - nowMs))}`
  return `reads ${from}, ${state.replaceAll('_', ' ')}${next}: ${counts.join(', ')}`
}
