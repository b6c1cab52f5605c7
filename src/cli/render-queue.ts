import { escapeControl } from '../config/escape-control.ts'
import type { QueueStatus } from '../core/queue.ts'
import type { QueuedMessage } from './relay-api.ts'
import { type Column, renderTable } from './render-table.ts'
import { renderAge, renderBytes, renderCount, renderTime } from './render-values.ts'

const columns: readonly Column[] = [
  { title: 'PIPELINE' },
  { title: 'STATE' },
  { title: 'MESSAGES', align: 'right' },
  { title: 'ON DISK', align: 'right' },
  { title: 'LIMIT', align: 'right' },
  { title: 'FULL', align: 'right' },
  { title: 'OLDEST', align: 'right' },
  { title: 'NEXT', align: 'right' },
  { title: 'SINK' },
  { title: 'CURSOR', align: 'right' },
  { title: 'DEAD LETTERS', align: 'right' },
]

/** Depth, age, cursors and dead letters: one line for each sink of each queue. */
export function renderQueues(queues: Readonly<Record<string, QueueStatus>>, nowMs: number): string {
  const rows = Object.entries(queues).flatMap(([name, queue]) => queueRows(name, queue, nowMs))
  const notes = Object.entries(queues).flatMap(([name, queue]) => queueNotes(name, queue))
  return renderTable(columns, rows) + (notes.length === 0 ? '' : `\n${notes.join('')}`)
}

function queueNotes(name: string, { detail, deadLetters, cursors }: QueueStatus): string[] {
  const notes = detail === undefined ? [] : [`${name}: ${escapeControl(detail)}\n`]
  // Those of the source, and of sinks that are not configured any more, have no line in the table.
  const others = Object.entries(deadLetters).filter(([sink, messages]) => messages > 0 && !Object.hasOwn(cursors, sink))
  for (const [sink, messages] of others)
    notes.push(`${name}: ${renderCount(messages)} dead letters of ${escapeControl(sink)} (logrelay deadletter ls)\n`)
  return notes
}

function queueRows(name: string, queue: QueueStatus, nowMs: number): string[][] {
  const percent = queue.maxBytes === 0 ? '' : `${Math.round((100 * queue.bytes) / queue.maxBytes)} %`
  const oldest = queue.oldestAtMs === undefined ? '' : renderAge(nowMs - queue.oldestAtMs)
  const first = [
    name,
    queue.condition.replaceAll('_', ' '),
    renderCount(queue.messages),
    renderBytes(queue.bytes),
    renderBytes(queue.maxBytes),
  ]
  first.push(percent, oldest, String(queue.nextSeq))
  const sinks = Object.entries(queue.cursors)
  if (sinks.length === 0) return [first]
  return sinks.map(([sink, cursor], i) => {
    const left = i === 0 ? first : first.map(() => '')
    return [...left, sink, String(cursor), renderCount(queue.deadLetters[sink] ?? 0)]
  })
}

/** One waiting message on one line; what a terminal would obey is escaped. */
export function renderMessage({ seq, receivedAtMs, peer, transport, flags, bytes }: QueuedMessage): string {
  const text = escapeControl(Buffer.from(bytes, 'base64').toString('utf8'))
  return `${seq}  ${renderTime(receivedAtMs)}  ${escapeControl(peer)} ${transport}${renderFlags(flags)}  ${text}\n`
}

/** Behind the sender of a message: ` [truncated]`, or nothing. */
export function renderFlags(flags: number): string {
  return flags === 0 ? '' : ` [${flagNames(flags)}]`
}

// The bits of MessageFlag in core/batch.ts.
function flagNames(flags: number): string {
  const names = [(flags & 1) === 0 ? '' : 'truncated', (flags & 2) === 0 ? '' : 'cut off'].filter((name) => name !== '')
  return names.length === 0 ? String(flags) : names.join(', ')
}
