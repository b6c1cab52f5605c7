import type { Draft, ParseOptions } from './message.ts'
import { formatEpoch } from './timestamp/epoch.ts'
import { readRfc3339 } from './timestamp/rfc3339.ts'

/** FortiOS counts its `eventtime` in seconds, milliseconds, microseconds or nanoseconds, by version: told by the digits. */
const secondsDigits = 10
const maxEpochDigits = 19

/**
 * Firewalls that send key=value pairs and no RFC 3164 header: the time and the name are among the pairs. Fortinet begins
 * with `date=`, SonicWall with `id=`. The pairs stay in the message. Returns whether it was one of them.
 */
export function readKeyValueHeader(text: string, at: number, draft: Draft, options: ParseOptions): boolean {
  if (text.startsWith('date=', at)) {
    draft.timestamp = fortinetTime(text, at, draft, options)
    draft.hostname = fieldOf(text, at, 'devname') ?? undefined
  } else if (text.startsWith('id=', at)) {
    const time = fieldOf(text, at, 'time')
    if (time !== undefined) draft.timestamp = resolve(time, draft, options)
  } else return false
  if (draft.timestamp === undefined && !draft.problems.includes('bad_timestamp')) draft.problems.push('no_timestamp')
  return true
}

function fortinetTime(text: string, at: number, draft: Draft, options: ParseOptions): string | undefined {
  const eventTime = fieldOf(text, at, 'eventtime')
  if (eventTime !== undefined && eventTime.length >= secondsDigits && eventTime.length <= maxEpochDigits && /^\d+$/.test(eventTime)) {
    return formatEpoch(Number(eventTime.slice(0, secondsDigits)), eventTime.slice(secondsDigits))
  }
  const date = fieldOf(text, at, 'date')
  const time = fieldOf(text, at, 'time')
  return time === undefined ? undefined : resolve(`${date} ${time}${fieldOf(text, at, 'tz') ?? ''}`, draft, options)
}

function resolve(written: string, draft: Draft, options: ParseOptions): string | undefined {
  const found = readRfc3339(written, 0, options)
  const problem = found === undefined ? 'bad_timestamp' : found.problem
  if (problem !== undefined) draft.problems.push(problem)
  return found?.timestamp
}

/** The value of ` name=value` or ` name="value"`; undefined when there is none. */
function fieldOf(text: string, at: number, name: string): string | undefined {
  const first = text.startsWith(`${name}=`, at)
  const found = first ? at : text.indexOf(` ${name}=`, at)
  if (found === -1) return undefined
  const start = found + name.length + (first ? 1 : 2)
  const quoted = text[start] === '"'
  const end = text.indexOf(quoted ? '"' : ' ', start + 1)
  return text.slice(quoted ? start + 1 : start, end === -1 ? text.length : end)
}
