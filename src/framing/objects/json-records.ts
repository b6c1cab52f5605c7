import { MessageFlag } from '../../core/batch.ts'
import type { MessageWriter } from '../../core/framing.ts'
import { Carry } from '../carry.ts'
import { frameRun } from '../frame-run.ts'
import type { FramingLimits } from '../limits.ts'
import { JsonMembers } from './json-members.ts'
import { JsonNesting } from './json-nesting.ts'
import type { ContentSplitter } from './line-splitter.ts'
import { MessageCounter } from './message-counter.ts'
import type { ResumePoint, SplitterCounts } from './record-splitter.ts'
import type { Place } from './splitter-state.ts'

const comma = 0x2c
const openBrace = 0x7b
const openBracket = 0x5b
const closeBracket = 0x5d

/** Where the scanner stands: before a document, in its members, in the array of records, in a record. */
type Phase = 'document' | 'members' | 'array' | 'record'

/**
 * The records of a CloudTrail log file: each element of `Records` is a message, byte for byte.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html
 *
 * A document is never held or parsed as a whole. An array without a document around it is read too, as are documents one behind the
 * other. A document without `Records` (a digest file) is counted as a header.
 */
export class JsonRecords implements ContentSplitter {
  readonly #limits: FramingLimits
  readonly #counts: SplitterCounts
  readonly #counter: MessageCounter
  readonly #carry: Carry
  readonly #nesting = new JsonNesting()
  readonly #members = new JsonMembers()
  #phase: Phase
  /** The array is a member of a document. */
  #inDocument: boolean
  /** Bytes of the record that came with earlier chunks. */
  #length = 0
  /** Bytes before the chunk at hand. */
  #taken: number
  #offset: number
  #messages: number
  #place: Place | undefined
  #failure: string | undefined

  constructor(begin: ResumePoint, place: Place | undefined, limits: FramingLimits, counts: SplitterCounts) {
    this.#taken = begin.offset
    this.#offset = begin.offset
    this.#messages = begin.messages
    this.#place = place
    this.#phase = place === undefined ? 'document' : 'array'
    this.#inDocument = place === 'member'
    if (this.#inDocument) this.#members.resume()
    this.#limits = limits
    this.#counts = counts
    this.#counter = new MessageCounter(begin.messages)
    this.#carry = new Carry(limits.maxMessageBytes)
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

  get failure(): string | undefined {
    return this.#failure
  }

  get atBoundary(): boolean {
    return this.#phase !== 'record'
  }

  push(chunk: Buffer, out: MessageWriter): void {
    const counted = this.#counter.to(out)
    let at = 0
    while (at < chunk.length && this.#failure === undefined) {
      if (this.#phase === 'record') at = this.#record(chunk, at, counted)
      else if (this.#phase === 'members') at = this.#inMembers(chunk, at)
      else at = this.#between(chunk, at)
    }
    frameRun.flush(chunk, counted)
    this.#taken += chunk.length
    this.#messages = this.#counter.messages
  }

  end(_out: MessageWriter): void {
    if (this.#failure !== undefined) return
    if (this.#phase === 'record') this.#failure = 'ends inside a record'
    else if (this.#phase === 'array') this.#failure = 'ends before its list of records does'
    else if (this.#phase === 'members') this.#failure = 'ends inside its JSON document'
  }

  /** Before a document, or between two records. */
  #between(chunk: Buffer, from: number): number {
    let at = from
    while (isBlank(chunk[at])) at++
    const byte = chunk[at]
    if (byte === undefined) return at
    if (this.#phase === 'array') {
      if (byte === openBrace) this.#phase = 'record'
      else if (byte === closeBracket) this.#phase = this.#inDocument ? 'members' : 'document'
      else if (byte !== comma) this.#failure = `has ${shown(byte)} at byte ${this.#taken + at}, where a record should begin`
      return this.#phase === 'record' ? at : at + 1
    }
    if (byte === openBrace) this.#phase = 'members'
    else if (byte === openBracket) this.#phase = 'array'
    else this.#failure = `is not JSON: it has ${shown(byte)} at byte ${this.#taken + at}, where a document should begin`
    this.#inDocument = byte === openBrace
    return at + 1
  }

  #inMembers(chunk: Buffer, from: number): number {
    const at = this.#members.read(chunk, from)
    if (this.#members.found === 'records') this.#phase = 'array'
    else if (this.#members.found === 'end') {
      this.#phase = 'document'
      if (!this.#members.hadRecords) this.#counts.headers++
      this.#members.reset()
    }
    return at
  }

  #record(chunk: Buffer, from: number, out: MessageWriter): number {
    const end = this.#nesting.end(chunk, from)
    if (end === -1) {
      // What exceeds the limit is not kept, so that a resume point behind the record needs no more than its offset.
      const room = this.#limits.maxMessageBytes - this.#carry.length
      this.#carry.append(chunk, from, Math.min(chunk.length, from + room))
      this.#length += chunk.length - from
      return chunk.length
    }
    const length = this.#length + end - from
    if (this.#length === 0 && length <= this.#limits.maxMessageBytes) frameRun.mark(chunk, from, end, 0, out)
    else this.#write(chunk, from, length, out)
    this.#length = 0
    this.#phase = 'array'
    this.#place = this.#inDocument ? 'member' : 'array'
    this.#offset = this.#taken + end
    return end
  }

  #write(chunk: Buffer, from: number, length: number, out: MessageWriter): void {
    const { maxMessageBytes, whenTooLong } = this.#limits
    frameRun.flush(chunk, out)
    if (length <= maxMessageBytes) this.#carry.emit(chunk, from, length, 0, 0, out)
    else if (whenTooLong === 'truncate') {
      this.#counts.truncated++
      this.#carry.emit(chunk, from, maxMessageBytes, 0, MessageFlag.truncated, out)
    } else {
      this.#counts.tooLong++
      this.#carry.clear()
    }
  }
}

/** White space of RFC 8259. */
function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

function shown(byte: number): string {
  return byte > 0x20 && byte < 0x7f ? `"${String.fromCharCode(byte)}"` : `0x${byte.toString(16).padStart(2, '0')}`
}
