import { crc32 } from 'node:zlib'
import type { DeadLetter, LetterGroup, LetterSelection } from '../core/dead-letter.ts'
import type { ErrorCode } from '../core/errors.ts'

/** What of a reason is looked at: behind that they only repeat the message. */
const maxReason = 300
/** Reasons that no pattern brings together come to so many groups; the others are counted as one. */
const maxGroups = 1000

const quoted = [/"[^"]*"?/g, /`[^`]*`?/g, /‘[^’]*’?/g, /“[^”]*”?/g]
/** Not the apostrophe of `field's`. */
const singleQuoted = /(?<![\p{L}\p{N}])'[^']*(?:'(?=[\p{L}\p{N}])[^']*)*'?/gu
const address = /\b[a-z][a-z0-9+.-]*:\/\/[^\s,;"']+/gi
/** Words with a digit in them, and long hexadecimal ones, are names that a machine made. */
const made = /[\p{L}\p{N}_-]*\p{N}[\p{L}\p{N}_-]*|\b[0-9a-f]{16,}\b/gu
/** What is left of addresses, times and sizes. */
const joined = /#(?:[.:,/#]+#)+/g

/** A reason without what differs from message to message: what is quoted becomes `…`, numbers and ids become `#`. */
export function patternOf(reason: string): string {
  let text = reason.slice(0, maxReason).replace(address, '…')
  for (const quotes of quoted) text = text.replace(quotes, '…')
  return text.replace(singleQuoted, '…').replace(made, '#').replace(joined, '#').replace(/\s+/g, ' ').trim()
}

/** Eight hexadecimal digits. */
export function groupIdOf(code: ErrorCode, reason: string): string {
  return idOf(code, patternOf(reason))
}

function idOf(code: ErrorCode, pattern: string): string {
  return crc32(`${code}\n${pattern}`).toString(16).padStart(8, '0')
}

/** Whether a selection means this letter. */
export function selects({ group, seq }: LetterSelection, letter: Pick<DeadLetter, 'code' | 'reason' | 'seq'>): boolean {
  if (seq !== undefined && seq !== letter.seq) return false
  return group === undefined || group === groupIdOf(letter.code, letter.reason)
}

/** Sorts dead letters by their reasons; holds no letter. */
export class LetterGroups {
  readonly #groups = new Map<string, LetterGroup>()
  #messages = 0

  get messages(): number {
    return this.#messages
  }

  add({ code, reason, rejectedAtMs }: Pick<DeadLetter, 'code' | 'reason' | 'rejectedAtMs'>): void {
    this.#messages++
    const pattern = patternOf(reason)
    const id = idOf(code, pattern)
    const known = this.#groups.get(id)
    if (known === undefined && this.#groups.size >= maxGroups) return
    this.#groups.set(id, {
      id,
      code,
      reason: pattern,
      messages: (known?.messages ?? 0) + 1,
      oldestAtMs: Math.min(known?.oldestAtMs ?? rejectedAtMs, rejectedAtMs),
      newestAtMs: Math.max(known?.newestAtMs ?? rejectedAtMs, rejectedAtMs),
    })
  }

  /** The largest first. What is in no group, of thousands, is told by `messages` alone. */
  list(): LetterGroup[] {
    return [...this.#groups.values()].sort((a, b) => b.messages - a.messages || (a.id < b.id ? -1 : 1))
  }
}
