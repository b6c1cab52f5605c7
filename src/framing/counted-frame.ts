import { MessageFlag } from '../core/batch.ts'
import type { FramingCounts, MessageWriter } from '../core/framing.ts'
import type { Carry } from './carry.ts'
import { frameRun } from './frame-run.ts'
import type { FramingLimits } from './limits.ts'

/**
 * The message behind an octet count (RFC 6587, 3.4.1), which may arrive in pieces. Its bytes are kept exactly: a line
 * feed that the sender counted belongs to the message.
 */
export class CountedFrame {
  readonly #limits: FramingLimits
  readonly #counts: FramingCounts
  readonly #carry: Carry
  #headerBytes = 0
  /** Length of the message that is not written yet. */
  #wanted = 0
  /** Bytes behind it that the count covers and the limit does not. */
  #rest = 0

  constructor(limits: FramingLimits, counts: FramingCounts, carry: Carry) {
    this.#limits = limits
    this.#counts = counts
    this.#carry = carry
  }

  get open(): boolean {
    return this.#wanted > 0 || this.#rest > 0
  }

  begin(count: number, headerBytes: number): void {
    const { maxMessageBytes, whenTooLong } = this.#limits
    this.#headerBytes = headerBytes
    this.#wanted = count
    this.#rest = 0
    if (count === 0) this.#counts.empty++
    if (count <= maxMessageBytes) return
    if (whenTooLong === 'reject') this.#counts.tooLong++
    this.#wanted = whenTooLong === 'reject' ? 0 : maxMessageBytes
    this.#rest = count - this.#wanted
  }

  /** Takes what belongs to the frame from `chunk[at..)`; returns where it stopped. */
  take(chunk: Uint8Array, at: number, out: MessageWriter): number {
    let next = at
    if (this.#wanted > 0) {
      const missing = this.#wanted - this.#carry.length
      if (chunk.length - at < missing) {
        this.#carry.append(chunk, at, chunk.length)
        return chunk.length
      }
      this.#write(chunk, at, missing, out)
      next += missing
    }
    const passed = Math.min(this.#rest, chunk.length - next)
    this.#rest -= passed
    return next + passed
  }

  /** The connection ended inside the frame. A count without a byte behind it is no message. */
  end(out: MessageWriter): void {
    const carried = this.#carry.length
    if (carried > 0) {
      this.#counts.cutOff++
      this.#carry.emit(new Uint8Array(0), 0, carried, 0, MessageFlag.cutOff, out)
    } else if (this.#wanted > 0) {
      this.#counts.skippedBytes += this.#headerBytes
    }
    this.#wanted = 0
    this.#rest = 0
  }

  #write(chunk: Uint8Array, at: number, missing: number, out: MessageWriter): void {
    const flags = this.#rest > 0 ? MessageFlag.truncated : 0
    if (flags !== 0) this.#counts.truncated++
    // Something is carried only where the chunk begins, so nothing of this chunk waits in the run before it.
    if (this.#carry.length > 0) this.#carry.emit(chunk, at, this.#wanted, 0, flags, out)
    else frameRun.mark(chunk, at, at + missing, flags, out)
    this.#wanted = 0
  }
}
