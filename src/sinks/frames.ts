import { type Batch, MessageFlag } from '../core/batch.ts'

export type Framing = 'octet-counting' | 'newline'
/** What becomes of a line feed inside a message under newline framing. */
export type LineFeeds = 'escape' | 'space' | 'keep'

const lineFeed = 0x0a
const space = 0x20
const zero = 0x30
/** rsyslog's way of writing a control character: `#` and three octal digits. */
const escaped = Buffer.from('#012')

/** Bytes that an octet count and its space take: MSG-LEN SP (RFC 6587 section 3.4.1). */
export function countLength(octets: number): number {
  let digits = 1
  for (let left = octets; left >= 10; left = Math.floor(left / 10)) digits++
  return digits + 1
}

/** Puts messages into frames, one after the other. One for each batch. */
export interface Frames {
  /** Writes `source[from, to)` as one frame at `out[at]` and returns where it ends, or -1 when it does not fit. */
  put(out: Buffer, at: number, source: Buffer, from: number, to: number): number
  /** No frame of a message of so many octets is longer. */
  longest(octets: number): number
  /** What a frame adds to a message as a rule. */
  readonly addedBytes: number
}

/** The framings of RFC 6587. It remembers where the next line feed is, so that none is searched for twice. */
export class FrameEncoder implements Frames {
  readonly addedBytes = 8
  readonly #framing: Framing
  readonly #lineFeeds: LineFeeds
  #source: Buffer | undefined
  #searchedFrom = 0
  #nextFeed = 0

  constructor(framing: Framing, lineFeeds: LineFeeds) {
    this.#framing = framing
    this.#lineFeeds = lineFeeds
  }

  put(out: Buffer, at: number, source: Buffer, from: number, to: number): number {
    return this.#framing === 'octet-counting' ? putCounted(out, at, source, from, to) : this.#putLine(out, at, source, from, to)
  }

  longest(octets: number): number {
    if (this.#framing === 'octet-counting') return octets + countLength(octets)
    return octets * (this.#lineFeeds === 'escape' ? escaped.length : 1) + 1
  }

  /** RFC 6587 section 3.4.2: the trailer is a line feed. A carriage return is a byte like any other. */
  #putLine(out: Buffer, at: number, source: Buffer, from: number, to: number): number {
    let next = at
    let copied = from
    const mark = this.#lineFeeds === 'escape' ? escaped.length : 1
    while (this.#lineFeeds !== 'keep') {
      const feed = this.#feedFrom(source, copied)
      if (feed >= to) break
      if (next + feed - copied + mark > out.length) return -1
      next += source.copy(out, next, copied, feed)
      if (this.#lineFeeds === 'escape') next += escaped.copy(out, next)
      else out[next++] = space
      copied = feed + 1
    }
    if (next + to - copied + 1 > out.length) return -1
    next += source.copy(out, next, copied, to)
    out[next++] = lineFeed
    return next
  }

  /** Where the first line feed at or after `from` is; Infinity when there is none. Searching each message alone would need a view of each. */
  #feedFrom(source: Buffer, from: number): number {
    if (source !== this.#source || from < this.#searchedFrom || from > this.#nextFeed) {
      const found = source.indexOf(lineFeed, from)
      this.#source = source
      this.#searchedFrom = from
      this.#nextFeed = found === -1 ? Number.POSITIVE_INFINITY : found
    }
    return this.#nextFeed
  }
}

function putCounted(out: Buffer, at: number, source: Buffer, from: number, to: number): number {
  const octets = to - from
  const end = at + countLength(octets) + octets
  if (end > out.length) return -1
  source.copy(out, putCount(out, at, octets), from, to)
  return end
}

/** Writes a number and a space at `out[at]`, where there is room for them, and returns where they end. */
export function putCount(out: Buffer, at: number, count: number): number {
  const end = at + countLength(count)
  out[end - 1] = space
  for (let i = end - 2, left = count; i >= at; i--, left = Math.floor(left / 10)) out[i] = zero + (left % 10)
  return end
}

/** Messages from the asked index up to `end` lie framed in `bytes[from, to)`. */
export interface FramedRun {
  readonly from: number
  readonly to: number
  readonly end: number
}

interface Wanted {
  readonly framing: Framing
  readonly lineFeeds: LineFeeds
  readonly maxBytes: number
}

/**
 * The longest stretch of messages from `index` on that the batch already holds framed as wanted, because they were
 * received so, up to `maxBytes` (one message may be longer). Undefined when not even the first is.
 */
export function framedRun(batch: Batch, index: number, wanted: Wanted): FramedRun | undefined {
  const counted = wanted.framing === 'octet-counting'
  const { bytes, starts, ends, flags } = batch
  const first = starts[index] as number
  const from = counted ? first - countLength((ends[index] as number) - first) : first
  let to = from
  let end = index
  for (; end < ends.length; end++) {
    const start = starts[end] as number
    const stop = ends[end] as number
    if (to - from + stop - start > wanted.maxBytes && end > index) break
    const known = !counted && ((flags[end] as number) & MessageFlag.line) !== 0
    if (counted ? !isCounted(bytes, to, start, stop) : start !== to || !(known || isLine(bytes, start, stop, wanted.lineFeeds))) break
    to = counted ? stop : stop + 1
  }
  return end === index ? undefined : { from, to, end }
}

/** Whether `bytes[at, start)` is exactly the octet count of `bytes[start, stop)`. */
function isCounted(bytes: Buffer, at: number, start: number, stop: number): boolean {
  const octets = stop - start
  if (at < 0 || at + countLength(octets) !== start || bytes[start - 1] !== space) return false
  for (let i = start - 2, left = octets; i >= at; i--, left = Math.floor(left / 10)) if (bytes[i] !== zero + (left % 10)) return false
  return true
}

/** Whether a line feed follows at `stop` and none is before it. That one is looked for first, as the search may go on to the end of the batch. */
function isLine(bytes: Buffer, start: number, stop: number, lineFeeds: LineFeeds): boolean {
  return bytes[stop] === lineFeed && (lineFeeds === 'keep' || bytes.indexOf(lineFeed, start) === stop)
}
