import { Char, countDigits } from './chars.ts'
import type { Draft } from './message.ts'

/** Facility 23, severity 7 (RFC 5424 6.2.1). */
const highestPriority = 191

/** Digits of a number that somebody may have meant as a priority; beyond it the text is no PRI at all. */
const mostDigits = 10

/** Reads `<PRI>` into the draft and returns the offset behind it, or -1 when there is none and so no header at all. */
export function readPriority(text: string, at: number, draft: Draft): number {
  if (text.charCodeAt(at) !== Char.less) {
    draft.problems.push('no_priority')
    return at
  }
  const digits = countDigits(text, at + 1, mostDigits)
  const end = at + 1 + digits
  if (digits === 0 || text.charCodeAt(end) !== Char.greater) {
    // RFC 3164 4.3.3: with an unidentifiable PRI the whole packet is CONTENT. It may as well be XML.
    draft.problems.push('bad_priority')
    return -1
  }
  const priority = Number(text.slice(at + 1, end))
  if (priority > highestPriority) draft.problems.push('priority_out_of_range')
  else {
    draft.priority = priority
    draft.facility = priority >> 3
    draft.severity = priority & 7
  }
  return end + 1
}
