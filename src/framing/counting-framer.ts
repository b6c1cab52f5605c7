import type { Framer, FramingCounts, MessageWriter } from '../core/framing.ts'
import { isDigit, isTerminator, LF } from './bytes.ts'
import { CountedFrame } from './counted-frame.ts'
import { frameRun } from './frame-run.ts'
import type { FramingLimits } from './limits.ts'
import { Line, lineCarry, noTerminator, type OpenFrame } from './line.ts'
import {
  badCount,
  findOctetCount,
  headerBytes,
  largestCount,
  noCount,
  readOctetCount,
  unfinished,
  unfinishedOctetCount,
} from './octet-count.ts'
import { Skipped } from './skipped.ts'
import { Terminators } from './terminators.ts'

const nothing = new Uint8Array(0)

/**
 * Octet counting (RFC 6587, 3.4.1), alone or told apart from lines frame by frame.
 *
 * A frame that begins with an octet count is taken by it. Any other is a line in `auto` and skipped in
 * `octet-counting`. Where the last frame was counted the next one is believed to be: any body will do then, and
 * terminators between frames are ignored. On a connection that ever sent an octet count, what is not counted may be the
 * rest of a frame with a wrong count, so the next `count <PRI>` in the middle of a line is the way back.
 */
export class CountingFramer implements Framer {
  readonly #strict: boolean
  readonly #counts: FramingCounts
  readonly #maxMessageBytes: number
  readonly #largest: number
  readonly #counted: CountedFrame
  readonly #line: OpenFrame
  readonly #terminators: Terminators
  #phase: 'between' | 'counted' | 'line' = 'between'
  #counting: boolean
  /** Octet counts were seen, good or bad, so a line may be damage: look for the way back in it. */
  #searching: boolean
  /** In such a line: whether the last byte taken was a digit. */
  #afterDigit = false
  /** Bytes of which it is still open what they are; at most 19. */
  #held = nothing

  constructor(mode: 'auto' | 'octet-counting', limits: FramingLimits, counts: FramingCounts) {
    const carry = lineCarry(limits)
    this.#strict = mode === 'octet-counting'
    this.#counting = this.#strict
    this.#searching = this.#strict
    this.#counts = counts
    this.#maxMessageBytes = limits.maxMessageBytes
    this.#largest = largestCount(limits.maxMessageBytes)
    this.#counted = new CountedFrame(limits, counts, carry)
    this.#line = this.#strict ? new Skipped(counts) : new Line(limits, counts, carry)
    this.#terminators = new Terminators(this.#strict ? 'lf' : undefined)
  }

  get atBoundary(): boolean {
    return this.#phase === 'between' && this.#held.length === 0
  }

  push(input: Buffer, out: MessageWriter): void {
    const chunk = this.#held.length === 0 ? input : Buffer.concat([this.#held, input])
    this.#held = nothing
    this.#terminators.reset()
    let at = 0
    while (at < chunk.length) {
      if (this.#phase === 'between') at = this.#begin(chunk, at, out)
      else if (this.#phase === 'counted') at = this.#takeCounted(chunk, at, out)
      else at = this.#takeLine(chunk, at, out)
    }
    frameRun.flush(chunk, out)
  }

  end(out: MessageWriter): void {
    const held = this.#held
    this.#held = nothing
    if (this.#phase === 'counted') this.#counted.end(out)
    else if (this.#phase === 'between' && this.#counting) this.#counts.skippedBytes += held.length
    else {
      this.#line.extend(held, 0, held.length, out)
      this.#line.end(LF, out)
    }
    this.#phase = 'between'
  }

  /** Takes frames that lie whole in the chunk, up to one that does not or needs a closer look. */
  #begin(chunk: Buffer, from: number, out: MessageWriter): number {
    let at = from
    while (at < chunk.length) {
      let answer = noCount
      if (isDigit(chunk[at])) {
        answer = readOctetCount(chunk, at, chunk.length, this.#counting ? 'any' : 'known', this.#largest)
        if (answer === unfinished) return this.#hold(chunk, at)
        if (answer >= 0) {
          const start = at + headerBytes(answer)
          if (answer === 0 || answer > this.#maxMessageBytes || start + answer > chunk.length)
            return this.#beginCounted(answer, start - at, start)
          this.#counting = true
          this.#searching = true
          frameRun.mark(chunk, start, start + answer, 0, out)
          at = start + answer
          continue
        }
      } else if (this.#counting && isTerminator(chunk[at])) {
        at++
        continue
      }
      if (answer === badCount) this.#searching = true
      const end = this.#searching ? -1 : this.#terminators.find(chunk, at, 0)
      if (end === -1) return this.#beginLine(at)
      this.#terminators.used(chunk[end] as number, end - at)
      this.#line.close(chunk, at, end, chunk[end] as number, out)
      at = end + 1
    }
    return at
  }

  #beginCounted(count: number, header: number, at: number): number {
    this.#counting = true
    this.#searching = true
    this.#counted.begin(count, header)
    this.#phase = this.#counted.open ? 'counted' : 'between'
    return at
  }

  #beginLine(at: number): number {
    this.#afterDigit = false
    this.#phase = 'line'
    return at
  }

  #takeCounted(chunk: Buffer, at: number, out: MessageWriter): number {
    const next = this.#counted.take(chunk, at, out)
    if (!this.#counted.open) this.#phase = 'between'
    return next
  }

  #takeLine(chunk: Buffer, at: number, out: MessageWriter): number {
    const end = this.#terminators.find(chunk, at, this.#line.length)
    const to = end === -1 ? chunk.length : end
    const count = this.#searching ? findOctetCount(chunk, at, to, this.#largest, this.#afterDigit) : -1
    if (count !== -1) {
      this.#line.close(chunk, at, count, noTerminator, out)
      this.#phase = 'between'
      return count
    }
    if (end !== -1) {
      if (!this.#searching) this.#terminators.used(chunk[end] as number, this.#line.length + end - at)
      this.#line.close(chunk, at, end, chunk[end] as number, out)
      this.#counting = this.#strict
      this.#phase = 'between'
      return end + 1
    }
    const known = this.#searching ? this.#holdUnfinished(chunk, at) : to
    this.#line.extend(chunk, at, known, out)
    return chunk.length
  }

  /** Returns up to where the bytes certainly belong to the line. */
  #holdUnfinished(chunk: Buffer, at: number): number {
    const open = unfinishedOctetCount(chunk, at, this.#afterDigit)
    if (open > at) this.#afterDigit = isDigit(chunk[open - 1])
    if (open < chunk.length) this.#hold(chunk, open)
    return open
  }

  /** Copies what must wait for more bytes, and only that: never the chunk. */
  #hold(chunk: Buffer, at: number): number {
    this.#held = new Uint8Array(chunk.subarray(at))
    return chunk.length
  }
}
