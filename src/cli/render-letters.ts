import { escapeControl } from '../config/escape-control.ts'
import type { LetterGroup, PipelineLetters, ReplayPlan, ReplayProgress, ShownLetter } from './relay-api.ts'
import { renderFlags } from './render-queue.ts'
import { type Column, renderTable } from './render-table.ts'
import { renderAge, renderCount, renderTime } from './render-values.ts'

const groupColumns: readonly Column[] = [
  { title: 'GROUP' },
  { title: 'MESSAGES', align: 'right' },
  { title: 'OLDEST', align: 'right' },
  { title: 'NEWEST', align: 'right' },
  { title: 'REASON' },
]

const columns: readonly Column[] = [{ title: 'PIPELINE' }, { title: 'SINK' }, ...groupColumns]

/** One line for each group of each sink; below it what else a person should know. */
export function renderLetterGroups(sorted: readonly PipelineLetters[], nowMs: number): string {
  if (sorted.length === 0) return 'No dead letters.\n'
  const rows = sorted.flatMap(({ pipeline, sink, groups }) => groups.map((group) => [pipeline, sink, ...groupCells(group, nowMs)]))
  const notes = sorted.flatMap(sinkNotes)
  return renderTable(columns, rows) + (notes.length === 0 ? '' : `\n${notes.map((note) => `${note}\n`).join('')}`)
}

function groupCells({ id, messages, oldestAtMs, newestAtMs, code, reason }: LetterGroup, nowMs: number): string[] {
  return [id, renderCount(messages), renderAge(nowMs - oldestAtMs), renderAge(nowMs - newestAtMs), `${code}: ${escapeControl(reason)}`]
}

function sinkNotes({ pipeline, sink, messages, evicted, gone, groups }: PipelineLetters): string[] {
  const notes: string[] = []
  const grouped = groups.reduce((sum, group) => sum + group.messages, 0)
  if (grouped < messages)
    notes.push(`${renderCount(messages - grouped)} more are not listed: in too many groups, damaged, or refused a moment ago`)
  if (evicted > 0) notes.push(`${renderCount(evicted)} older ones were deleted to make room (dead_letters.max_messages, max_size)`)
  if (gone === true) notes.push('it is not configured any more: they can be shown and dropped, not replayed')
  return notes.map((note) => `${pipeline}, sink ${sink}: ${note}`)
}

/** A dead letter on two lines: who said what when, and why it was refused; what a terminal would obey is escaped. */
export function renderLetter({ seq, receivedAtMs, origin, flags, bytes, code, group, rejectedAtMs, reason }: ShownLetter): string {
  const text = escapeControl(Buffer.from(bytes, 'base64').toString('utf8'))
  const via = origin.proxy === undefined ? '' : ` through ${escapeControl(origin.proxy.peer)}`
  const from = `${escapeControl(origin.peer)} ${origin.transport}${via}${renderFlags(flags)}`
  return `${seq}  ${renderTime(receivedAtMs)}  ${from}  ${text}\n    refused ${renderTime(rejectedAtMs)}, group ${group}: ${code}: ${escapeControl(reason)}\n`
}

/** What a replay sends, and whether that makes sense now. */
export function renderPlan(
  pipeline: string,
  sink: string,
  plan: ReplayPlan,
  { dryRun, nowMs }: { dryRun: boolean; nowMs: number },
): string {
  const { messages, groups, to, failing } = plan
  const what = `${renderCount(messages)} dead ${messages === 1 ? 'letter' : 'letters'} of ${pipeline}`
  const where = to === 'source' ? 'read again by the source' : `sent to sink ${sink} (${to})`
  if (!dryRun) return `${what} will be ${where}.\n${failing === undefined ? '' : `${failingText(to, failing, nowMs)}\n`}`
  const state = failing === undefined ? `${partner(to)} works.` : failingText(to, failing, nowMs)
  const rows = groups.map((group) => groupCells(group, nowMs))
  return `${what} would be ${where}. Nothing was sent. ${state}\n\n${renderTable(groupColumns, rows)}`
}

function partner(to: string): string {
  return to === 'source' ? 'The source' : 'The sink'
}

function failingText(to: string, { code, message, sinceMs }: NonNullable<ReplayPlan['failing']>, nowMs: number): string {
  const since = sinceMs === undefined ? '' : ` for ${renderAge(nowMs - sinceMs)}`
  return `${partner(to)} fails now, and has${since}: ${escapeControl(message)} (${code}).`
}

/** What became of them. */
export function renderProgress({ delivered, refused, stopped }: ReplayProgress, messages: number): string {
  const lines = [`${renderCount(delivered)} delivered.`]
  if (refused > 0) lines.push(`${renderCount(refused)} refused again: they stay, see \`logrelay deadletter ls\` for the reason.`)
  const left = messages - delivered - refused
  if (stopped !== undefined) {
    lines.push(`Stopped: ${escapeControl(stopped.message)} (${stopped.code}).`)
    if (stopped.hint !== undefined) lines.push(`  ${escapeControl(stopped.hint)}`)
  }
  if (left > 0) lines.push(`${renderCount(left)} were not sent, or nobody knows whether they arrived: they stay, for another replay.`)
  return `${lines.join('\n')}\n`
}
