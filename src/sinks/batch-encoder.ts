import { BufferPool } from '../batch/buffer-pool.ts'
import { type Message, messagesOf } from '../batch/messages.ts'
import type { StoredBatch } from '../core/batch.ts'
import { RelayError } from '../core/errors.ts'
import type { FormatMessage } from '../syslog/formatter.ts'
import { type FramedRun, FrameEncoder, type Frames, type Framing, framedRun, type LineFeeds } from './frames.ts'
import type { Refusal } from './outcome.ts'
import { RelpFrameEncoder } from './relp-frame-encoder.ts'

export interface EncodeOptions {
  readonly format: FormatMessage | 'raw'
  readonly framing: Framing | 'relp'
  /** Only for newline framing. */
  readonly lineFeeds?: LineFeeds
  /** Only for RELP: the transaction number of the first message. */
  readonly firstTxnr?: number
  /** About how many bytes a slice has; a longer message is a slice of its own. */
  readonly sliceBytes: number
}

/** Framed messages ready to be written: all from the end of the slice before up to (not including) index `end`. */
export interface Slice {
  readonly bytes: Buffer
  readonly end: number
  /** To be called once the bytes are not needed any more: their memory is used again. Absent where they lie in the batch. */
  readonly release?: () => void
}

/** As many slices as a few connections have under way. */
const memory = new BufferPool(16)

/** Stretches shorter than this are copied: a write for each would cost more than the copy. */
const minInPlaceBytes = 16 * 1024

/**
 * Turns a batch into slices of framed bytes, in order. Raw messages are never looked at one by one as objects: where the
 * batch already holds them framed as the sink wants them, the slice is a view of the batch, otherwise they are copied.
 */
export class BatchEncoder {
  readonly #batch: StoredBatch
  readonly #options: EncodeOptions
  readonly #frames: Frames
  readonly #formatted: Iterator<Message> | undefined
  #index = 0
  /** A formatted message that did not fit into the slice before. */
  #held: Buffer | undefined
  /** Messages that could not be formatted; they are in no slice. */
  readonly refused: Refusal[] = []

  constructor(batch: StoredBatch, options: EncodeOptions) {
    this.#batch = batch
    this.#options = options
    const { framing, lineFeeds = 'escape', firstTxnr = 1 } = options
    this.#frames = framing === 'relp' ? new RelpFrameEncoder(firstTxnr) : new FrameEncoder(framing, lineFeeds)
    this.#formatted = options.format === 'raw' ? undefined : messagesOf(batch)
  }

  /** The next slice, or undefined after the last. Its bytes may be empty when each of its messages was refused. */
  next(): Slice | undefined {
    if (this.#index >= this.#batch.ends.length) return undefined
    return this.#formatted === undefined ? (this.#inPlace() ?? this.#copied()) : this.#rewritten(this.#formatted)
  }

  #inPlace(): Slice | undefined {
    const run = this.#framedRun()
    if (run === undefined || !this.#worthwhile(run)) return undefined
    this.#index = run.end
    return { bytes: this.#batch.bytes.subarray(run.from, run.to), end: run.end }
  }

  /** Up to the next stretch that lies framed in the batch. */
  #copied(): Slice {
    const out = this.#slice(0)
    for (let run = this.#framedRun(); this.#index < this.#batch.ends.length; run = this.#framedRun()) {
      if (out.length > 0 && run !== undefined && this.#worthwhile(run)) break
      if (!this.#copy(out, run?.end ?? this.#index + 1)) break
    }
    return { ...out.take(), end: this.#index }
  }

  /** Copies messages up to index `end`; false when not all of them fit. */
  #copy(out: SliceBuffer, end: number): boolean {
    const { bytes, starts, ends } = this.#batch
    for (; this.#index < end; this.#index++) {
      if (!out.put(bytes, starts[this.#index] as number, ends[this.#index] as number)) return false
    }
    return true
  }

  #framedRun(): FramedRun | undefined {
    const { framing, lineFeeds = 'escape', sliceBytes } = this.#options
    // Transaction numbers belong to one connection.
    if (framing === 'relp') return undefined
    return framedRun(this.#batch, this.#index, { framing, lineFeeds, maxBytes: sliceBytes })
  }

  #worthwhile(run: FramedRun): boolean {
    return run.to - run.from >= minInPlaceBytes || run.end === this.#batch.ends.length
  }

  #rewritten(messages: Iterator<Message>): Slice {
    // A rewritten header is longer than the one received. 160 bytes more is a guess: a slice that is full is followed by another.
    const out = this.#slice(160)
    for (; this.#index < this.#batch.ends.length; this.#index++) {
      const formatted = this.#held ?? this.#format(messages)
      if (formatted !== undefined && !out.put(formatted, 0, formatted.length)) {
        this.#held = formatted
        break
      }
      this.#held = undefined
    }
    return { ...out.take(), end: this.#index }
  }

  /** A slice for what is left, so that a batch of one short message does not take a quarter of a megabyte. */
  #slice(extraPerMessage: number): SliceBuffer {
    const { starts, ends } = this.#batch
    const left = ends.length - this.#index
    const octets = Math.max(0, (ends.at(-1) as number) - (starts[this.#index] as number))
    return new SliceBuffer(this.#frames, Math.min(this.#options.sliceBytes, octets + left * (this.#frames.addedBytes + extraPerMessage)))
  }

  #format(messages: Iterator<Message>): Buffer | undefined {
    const message = messages.next().value as Message
    try {
      return (this.#options.format as FormatMessage)(message)
    } catch (error) {
      // A mistake of ours in one message must not hold up all those behind it.
      this.refused.push({ index: this.#index, error: RelayError.from(error, 'INTERNAL', 'cannot format the message') })
      return undefined
    }
  }
}

/** One slice under construction. */
class SliceBuffer {
  readonly #frames: Frames
  /** As the pool gave it, which may be more than was asked for. */
  #memory: Buffer
  #bytes: Buffer
  #length = 0

  constructor(frames: Frames, bytes: number) {
    this.#frames = frames
    this.#memory = memory.take(bytes)
    this.#bytes = this.#memory.subarray(0, bytes)
  }

  /** False when the message does not fit; an empty slice takes any message. */
  put(source: Buffer, from: number, to: number): boolean {
    let length = this.#frames.put(this.#bytes, this.#length, source, from, to)
    if (length < 0 && this.#length === 0) {
      memory.give(this.#memory)
      const longest = this.#frames.longest(to - from)
      this.#memory = memory.take(longest)
      this.#bytes = this.#memory.subarray(0, longest)
      length = this.#frames.put(this.#bytes, 0, source, from, to)
    }
    if (length < 0) return false
    this.#length = length
    return true
  }

  get length(): number {
    return this.#length
  }

  take(): Pick<Slice, 'bytes' | 'release'> {
    const used = this.#memory
    return { bytes: this.#bytes.subarray(0, this.#length), release: () => memory.give(used) }
  }
}
