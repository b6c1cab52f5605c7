import { GREATER_THAN, isDigit, LESS_THAN, SPACE, ZERO } from './bytes.ts'

/** RFC 6587 sets no limit; nine digits are a gigabyte. */
const maxDigits = 9
/** Where text is likely, more digits are damage only before a message: `1763719200123 text` begins with a time. */
const maxTextDigits = 14
/** Larger counts are taken for damage, not for messages: a believed one decides how much of the stream is passed over. */
const largestPlausibleCount = 32 * 1024 * 1024

/** More bytes are needed to tell. At most 19 bytes leave it open. */
export const unfinished = -1
/** It looks like an octet count but cannot be one: leading zero, too large, or shorter than the PRI behind it. */
export const badCount = -2
/** Text. */
export const noCount = -3

/**
 * What must stand behind the count and its space: `any` byte where octet counting is certain; otherwise what messages
 * begin with (`<PRI>`, CEF, LEEF, JSON), since plain text may begin with a number and a space as well:
 * `54 <1 minute left` is text, `54 <13>1 ...` is not.
 */
export type Body = 'any' | 'known'

/** The largest octet count that is believed where messages may have `maxMessageBytes`. */
export function largestCount(maxMessageBytes: number): number {
  return Math.max(maxMessageBytes, largestPlausibleCount)
}

/** Reads the octet count at `chunk[at]`, a digit: the count, or one of the negative answers above. */
export function readOctetCount(chunk: Uint8Array, at: number, to: number, body: Body, largest: number): number {
  const most = body === 'any' ? maxDigits : maxTextDigits
  const digitsEnd = Math.min(to, at + most + 1)
  let count = 0
  let i = at
  for (; i < digitsEnd; i++) {
    const byte = chunk[i] as number
    if (!isDigit(byte)) break
    count = count * 10 + byte - ZERO
  }
  if (i - at > most) return badCount
  if (i === to) return unfinished
  if (chunk[i] !== SPACE) return noCount
  const bodyLength = body === 'any' ? 0 : knownBody(chunk, i + 1, to)
  if (bodyLength < 0) return bodyLength
  const leadingZero = chunk[at] === ZERO && (i - at > 1 || body === 'known')
  return leadingZero || i - at > maxDigits || count > largest || count < bodyLength ? badCount : count
}

/** Bytes of the count and its space, for a count that readOctetCount accepted (so without leading zeros). */
export function headerBytes(count: number): number {
  let bytes = 2
  for (let rest = count; rest >= 10; rest /= 10) bytes++
  return bytes
}

/** Where a message of a known kind begins at `at`: the length of what tells so; otherwise `unfinished` or `noCount`. */
function knownBody(chunk: Uint8Array, at: number, to: number): number {
  if (at >= to) return unfinished
  if (chunk[at] === LESS_THAN) return priority(chunk, at, to)
  for (const known of knownStarts) {
    if (chunk[at] !== known[0]) continue
    const length = Math.min(known.length, to - at)
    for (let i = 1; i < length; i++) if (chunk[at + i] !== known[i]) return noCount
    return length === known.length ? length : unfinished
  }
  return noCount
}

const knownStarts = ['CEF:', 'LEEF:', '{"'].map((text) => Buffer.from(text, 'latin1'))

/** RFC 5424, 6.2.1: `<`, one to three digits, `>`. Values above 191 are sent by real devices and let through. */
function priority(chunk: Uint8Array, at: number, to: number): number {
  let i = at + 1
  while (i < to && i < at + 4 && isDigit(chunk[i])) i++
  if (i === to) return unfinished
  return i > at + 1 && chunk[i] === GREATER_THAN ? i + 1 - at : noCount
}

/**
 * The way back into an octet-counted stream: where in `chunk[from, to)` a count followed by `<PRI>` begins, or -1.
 * A run of digits counts only as a whole. `afterDigit`: the byte before `from` was a digit.
 */
export function findOctetCount(chunk: Buffer, from: number, to: number, largest: number, afterDigit: boolean): number {
  // A view, so that many short lines do not each search the rest of the chunk.
  const line = chunk.subarray(from, to)
  for (let mark = line.indexOf(LESS_THAN); mark !== -1; mark = line.indexOf(LESS_THAN, mark + 1)) {
    const start = countBefore(line, 0, mark, afterDigit)
    if (start !== -1 && readOctetCount(line, start, line.length, 'known', largest) >= 0) return from + start
  }
  return -1
}

/**
 * Where the end of `chunk[from..)` may be the beginning of what findOctetCount looks for: that many bytes (at most 14)
 * must wait for what follows. The chunk's length where there is none.
 */
export function unfinishedOctetCount(chunk: Uint8Array, from: number, afterDigit: boolean): number {
  const to = chunk.length
  let mark = to
  while (mark > from && mark > to - 3 && isDigit(chunk[mark - 1])) mark--
  if (mark > from && chunk[mark - 1] === LESS_THAN) {
    const start = countBefore(chunk, from, mark - 1, afterDigit)
    if (start !== -1) return start
  }
  if (chunk[to - 1] === SPACE) {
    const start = countBefore(chunk, from, to, afterDigit)
    return start === -1 ? to : start
  }
  const start = digitsBefore(chunk, from, to, afterDigit)
  return start === -1 ? to : start
}

/** Start of the digits in `digits SP` ending at `end`, or -1. */
function countBefore(chunk: Uint8Array, from: number, end: number, afterDigit: boolean): number {
  return end - 1 > from && chunk[end - 1] === SPACE ? digitsBefore(chunk, from, end - 1, afterDigit) : -1
}

/** Start of the run of one to nine digits that ends at `end`, or -1. */
function digitsBefore(chunk: Uint8Array, from: number, end: number, afterDigit: boolean): number {
  let start = end
  while (start > from && end - start <= maxDigits && isDigit(chunk[start - 1])) start--
  if (start === end || end - start > maxDigits) return -1
  return start === from && afterDigit ? -1 : start
}
