import type { Framer, MessageWriter } from '../../core/framing.ts'
import { LF } from '../bytes.ts'
import { DelimitedFramer } from '../delimited-framer.ts'
import type { FramingLimits } from '../limits.ts'
import { MessageCounter } from './message-counter.ts'
import type { ResumePoint, SplitterCounts } from './record-splitter.ts'
import type { Place } from './splitter-state.ts'

const hash = 0x23
const nextComment = Buffer.from('\n#')
const lineEnd = Buffer.from('\n')

/** What the contents of an object are split by. Behind `begin`, offsets are the object's. */
export interface ContentSplitter extends Framer {
  readonly offset: number
  readonly messages: number
  readonly place: Place | undefined
  readonly failure: string | undefined
}

/**
 * Lines that end with LF or CR LF. An object ends where it was meant to end, so its last line is whole without a line feed.
 * `comments`: lines that begin with `#` are counted as headers.
 */
export class LineSplitter implements ContentSplitter {
  readonly failure = undefined
  readonly #counts: SplitterCounts
  readonly #comments: boolean
  readonly #framer: DelimitedFramer
  readonly #counter: MessageCounter
  /** Bytes taken. */
  #taken: number
  #offset: number
  #messages: number
  #place: Place | undefined
  /** What is passed over up to the next line feed: the rest of a line that was too long before a break, or a comment. */
  #passing: 'rest' | 'comment' | undefined

  constructor(begin: ResumePoint, place: Place | undefined, comments: boolean, limits: FramingLimits, counts: SplitterCounts) {
    this.#taken = begin.offset
    this.#offset = begin.offset
    this.#messages = begin.messages
    this.#place = place
    this.#passing = place === 'rest' ? 'rest' : undefined
    this.#comments = comments
    this.#counts = counts
    this.#framer = new DelimitedFramer(LF, limits, counts)
    this.#counter = new MessageCounter(begin.messages)
  }

  get offset(): number {
    return this.#offset
  }

  get messages(): number {
    return this.#messages
  }

  get place(): Place | undefined {
    return this.#place
  }

  get atBoundary(): boolean {
    return this.#passing === undefined && this.#framer.atBoundary
  }

  push(chunk: Buffer, out: MessageWriter): void {
    const counted = this.#counter.to(out)
    const whole = chunk.lastIndexOf(LF) + 1
    if (whole > 0) {
      this.#feed(whole === chunk.length ? chunk : chunk.subarray(0, whole), counted)
      this.#settle(this.#taken + whole, undefined)
    }
    if (whole < chunk.length) this.#tail(whole === 0 ? chunk : chunk.subarray(whole), this.#taken + chunk.length, counted)
    this.#taken += chunk.length
  }

  end(out: MessageWriter): void {
    if (this.#passing === 'comment') this.#counts.headers++
    this.#passing = undefined
    if (!this.#framer.atBoundary) this.#framer.push(lineEnd, this.#counter.to(out))
    this.#settle(this.#taken, undefined)
  }

  /** The beginning of a line whose end is not there. Once it is too long, what is to be had of it is written. */
  #tail(tail: Buffer, taken: number, out: MessageWriter): void {
    const { truncated, tooLong } = this.#counts
    this.#feed(tail, out)
    if (this.#counts.truncated !== truncated || this.#counts.tooLong !== tooLong) this.#settle(taken, 'rest')
  }

  #settle(offset: number, place: Place | undefined): void {
    this.#offset = offset
    this.#messages = this.#counter.messages
    this.#place = place
  }

  #feed(chunk: Buffer, out: MessageWriter): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#passing !== undefined) at = this.#pass(chunk, at)
      else if (!this.#comments) {
        this.#framer.push(at === 0 ? chunk : chunk.subarray(at), out)
        return
      } else if (this.#framer.atBoundary && chunk[at] === hash) this.#passing = 'comment'
      else {
        const comment = chunk.indexOf(nextComment, at)
        const to = comment === -1 ? chunk.length : comment + 1
        this.#framer.push(chunk.subarray(at, to), out)
        at = to
      }
    }
  }

  #pass(chunk: Buffer, at: number): number {
    const end = chunk.indexOf(LF, at)
    if (end === -1) return chunk.length
    if (this.#passing === 'comment') this.#counts.headers++
    this.#passing = undefined
    return end + 1
  }
}
