import type { MessageWriter } from '../../core/framing.ts'
import type { FramingLimits } from '../limits.ts'
import { JsonRecords } from './json-records.ts'
import { type ContentSplitter, LineSplitter } from './line-splitter.ts'
import { headBytes, readHead } from './object-head.ts'
import type { ObjectFormat, RecordSplitter, ResumePoint, SplitterCounts } from './record-splitter.ts'
import { readState, type SplitterState } from './splitter-state.ts'

const beginning: ResumePoint = { offset: 0, messages: 0 }

/**
 * A splitter for one object. `counts` is shared by all objects of a source. `resume`: what an earlier splitter of the same object had
 * as its resume point; the bytes pushed then begin at its offset.
 *
 * - `lines`, `waf`, `alb`, `nlb`, `s3_access`: a message a line.
 * - `cloudtrail`: an element of `Records` each; files of one JSON event a line are lines.
 * - `vpc_flow`: lines; a first line that names the fields is a header.
 * - `cloudfront`: lines; those that begin with `#` are headers.
 * - `auto`: one of these, by what the object begins with.
 */
export function createRecordSplitter(
  format: ObjectFormat,
  limits: FramingLimits,
  counts: SplitterCounts,
  resume: ResumePoint = beginning,
): RecordSplitter {
  return new ObjectSplitter(format, limits, counts, resume)
}

class ObjectSplitter implements RecordSplitter {
  readonly #format: ObjectFormat
  readonly #limits: FramingLimits
  readonly #counts: SplitterCounts
  readonly #begin: ResumePoint
  /** The object's first bytes, until there are enough to tell what it is. */
  #held: Buffer[] = []
  #heldBytes = 0
  #state: SplitterState | undefined
  #content: ContentSplitter | undefined
  #failure: string | undefined

  constructor(format: ObjectFormat, limits: FramingLimits, counts: SplitterCounts, resume: ResumePoint) {
    this.#format = format
    this.#limits = limits
    this.#counts = counts
    this.#begin = resume
    if (resume.offset === 0) return
    const state = readState(resume)
    if (state === undefined) this.#failure = 'was read in part, and the place where to go on is not known any more'
    else this.#open(state, resume)
  }

  get resume(): ResumePoint {
    const content = this.#content
    if (content === undefined || content.offset === 0) return this.#begin
    const state: SplitterState = { ...(this.#state as SplitterState), place: content.place }
    return { offset: content.offset, messages: content.messages, state: JSON.stringify(state) }
  }

  get failure(): string | undefined {
    return this.#failure ?? this.#content?.failure
  }

  get header(): string | undefined {
    return this.#state?.header
  }

  get atBoundary(): boolean {
    return this.#content?.atBoundary ?? this.#heldBytes === 0
  }

  push(chunk: Buffer, out: MessageWriter): void {
    if (this.failure !== undefined) return
    if (this.#content !== undefined) this.#content.push(chunk, out)
    else if (this.#heldBytes === 0 && chunk.length >= headBytes) this.#start(chunk, out)
    else {
      // Once for the head alone and once for the rest, so that no large chunk is copied.
      const missing = Math.min(headBytes - this.#heldBytes, chunk.length)
      this.#held.push(Buffer.from(chunk.subarray(0, missing)))
      this.#heldBytes += missing
      if (this.#heldBytes < headBytes) return
      this.#startHeld(out)
      if (missing < chunk.length) this.push(chunk.subarray(missing), out)
    }
  }

  end(out: MessageWriter): void {
    if (this.failure !== undefined) return
    if (this.#content === undefined) this.#startHeld(out)
    this.#content?.end(out)
  }

  #startHeld(out: MessageWriter): void {
    const held = Buffer.concat(this.#held)
    this.#held = []
    this.#heldBytes = 0
    this.#start(held, out)
  }

  /** `bytes`: the head at least, or the whole object. */
  #start(bytes: Buffer, out: MessageWriter): void {
    const { format, skip, headers, header, failure } = readHead(this.#format, bytes.subarray(0, headBytes))
    this.#failure = failure
    if (failure !== undefined) return
    this.#counts.headers += headers
    const content = this.#open({ format, header }, { offset: skip, messages: 0 })
    content.push(skip === 0 ? bytes : bytes.subarray(skip), out)
  }

  #open(state: SplitterState, begin: ResumePoint): ContentSplitter {
    const { format, header, place } = state
    this.#state = { format, header }
    const lines = () => new LineSplitter(begin, place, format === 'cloudfront', this.#limits, this.#counts)
    this.#content = format === 'cloudtrail' ? new JsonRecords(begin, place, this.#limits, this.#counts) : lines()
    return this.#content
  }
}
