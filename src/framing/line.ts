import { MessageFlag } from '../core/batch.ts'
import type { FramingCounts, MessageWriter } from '../core/framing.ts'
import { CR, LF, NUL } from './bytes.ts'
import { Carry } from './carry.ts'
import { frameRun } from './frame-run.ts'
import type { FramingLimits } from './limits.ts'

/** For `close`: the next frame begins at `to`, without a terminator between. */
export const noTerminator = -1

/** A frame that ends where the next one is seen. `terminator` is the byte at `to`. */
export interface OpenFrame {
  /** Bytes taken so far. */
  readonly length: number
  extend(chunk: Uint8Array, from: number, to: number, out: MessageWriter): void
  close(chunk: Uint8Array, from: number, to: number, terminator: number, out: MessageWriter): void
  /** The connection ended here. */
  end(terminator: number, out: MessageWriter): void
}

/** At most this much is trimmed from a frame: CR LF directly before NUL. */
const trimmedBytes = 2

/** The longest beginning of a line that has to be kept: the limit, and what may turn out to be its line end. */
export function lineCarry({ maxMessageBytes }: FramingLimits): Carry {
  return new Carry(maxMessageBytes + trimmedBytes)
}

/** A frame of non-transparent framing (RFC 6587, 3.4.2): text up to a terminator, which may arrive in pieces. */
export class Line implements OpenFrame {
  readonly #limits: FramingLimits
  readonly #counts: FramingCounts
  readonly #carry: Carry
  /** What was to be kept of it is written; the rest is passed over. */
  #overflowed = false
  #length = 0

  constructor(limits: FramingLimits, counts: FramingCounts, carry: Carry) {
    this.#limits = limits
    this.#counts = counts
    this.#carry = carry
  }

  get length(): number {
    return this.#length
  }

  extend(chunk: Uint8Array, from: number, to: number, out: MessageWriter): void {
    this.#length += to - from
    if (this.#overflowed) return
    // Until now the last bytes could still have been a line end, which does not count.
    if (this.#length > this.#limits.maxMessageBytes + trimmedBytes) {
      this.#write(chunk, from, this.#length, 0, 0, out)
      this.#overflowed = true
    } else {
      this.#carry.append(chunk, from, to)
    }
  }

  close(chunk: Uint8Array, from: number, to: number, terminator: number, out: MessageWriter): void {
    if (this.#length > 0) {
      this.#finish(chunk, from, to, terminator, 0, out)
      return
    }
    const end = to - this.#trimmed(chunk, from, to, terminator)
    if (end === from) this.#counts.empty++
    else if (end - from <= this.#limits.maxMessageBytes)
      frameRun.mark(chunk, from, end, end === to && terminator === LF ? MessageFlag.line : 0, out)
    else this.#write(chunk, from, end - from, 0, 0, out)
  }

  /** We cannot know whether the last line is whole, so it is flagged as cut off even where it looks complete. */
  end(terminator: number, out: MessageWriter): void {
    if (this.#length > 0) this.#finish(new Uint8Array(0), 0, 0, terminator, MessageFlag.cutOff, out)
  }

  #finish(chunk: Uint8Array, from: number, to: number, terminator: number, flags: number, out: MessageWriter): void {
    const trimmed = this.#trimmed(chunk, from, to, terminator)
    const length = this.#length + to - from - trimmed
    const behind = trimmed === 0 && terminator !== noTerminator && to < chunk.length ? 1 : 0
    const overflowed = this.#overflowed
    this.#length = 0
    this.#overflowed = false
    if (overflowed) return
    const line = behind === 1 && terminator === LF ? MessageFlag.line : 0
    if (length > 0) this.#write(chunk, from, length, behind, flags | line, out)
    else {
      this.#counts.empty++
      this.#carry.clear()
    }
  }

  /** What is carried and `length` bytes in all become a message, or are refused. */
  #write(chunk: Uint8Array, from: number, length: number, behind: number, flags: number, out: MessageWriter): void {
    const { maxMessageBytes, whenTooLong } = this.#limits
    frameRun.flush(chunk, out)
    if (length <= maxMessageBytes) {
      if (flags === MessageFlag.cutOff) this.#counts.cutOff++
      this.#carry.emit(chunk, from, length, behind, flags, out)
    } else if (whenTooLong === 'truncate') {
      this.#counts.truncated++
      this.#carry.emit(chunk, from, maxMessageBytes, 0, MessageFlag.truncated, out)
    } else {
      this.#counts.tooLong++
      this.#carry.clear()
    }
  }

  /**
   * How much of the frame's end is no text. Before LF that is one CR. Programs that end their text with a line end and
   * their frame with NUL mean one terminator: one CR, LF or CR LF before NUL goes.
   */
  #trimmed(chunk: Uint8Array, from: number, to: number, terminator: number): number {
    if (terminator === noTerminator) return 0
    let bytes = 0
    if (terminator === NUL && this.#last(chunk, from, to, 0) === LF) bytes++
    if (this.#last(chunk, from, to, bytes) === CR) bytes++
    return bytes
  }

  /** The frame's last byte but `back`: in the chunk or, before it, carried. */
  #last(chunk: Uint8Array, from: number, to: number, back: number): number | undefined {
    const at = to - 1 - back
    return at >= from ? chunk[at] : this.#carry.fromEnd(from - 1 - at)
  }
}
