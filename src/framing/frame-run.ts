import type { MessageWriter } from '../core/framing.ts'
import { LF } from './bytes.ts'

const capacity = 1024
/** Copying so many bytes that belong to no message is cheaper than a second call of `put`. */
const smallGapBytes = 64

/**
 * Messages found in one chunk, noted down until all of them can be handed over with one copy.
 *
 * One instance serves every framer: a push runs to its end before the next one begins, and leaves the run empty.
 */
class FrameRun {
  readonly #starts = new Uint32Array(capacity)
  readonly #ends = new Uint32Array(capacity)
  readonly #flags = new Uint8Array(capacity)
  #length = 0

  /** Notes `chunk[start, end)`. Messages come in ascending order. */
  mark(chunk: Uint8Array, start: number, end: number, flags: number, out: MessageWriter): void {
    let i = this.#length
    if (i > 0 && (i === capacity || start - (this.#ends[i - 1] as number) > smallGapBytes)) {
      this.flush(chunk, out)
      i = 0
    }
    this.#starts[i] = start
    this.#ends[i] = end
    this.#flags[i] = flags
    this.#length = i + 1
  }

  flush(chunk: Uint8Array, out: MessageWriter): void {
    const length = this.#length
    if (length === 0) return
    this.#length = 0
    const first = this.#starts[0] as number
    const last = this.#ends[length - 1] as number
    // With its line feed, so that the next message lies behind it as it was received, and both can be sent on as they lie.
    const shift = out.put(chunk, first, chunk[last] === LF ? last + 1 : last) - first
    for (let i = 0; i < length; i++) {
      out.message((this.#starts[i] as number) + shift, (this.#ends[i] as number) + shift, this.#flags[i] as number)
    }
  }
}

export const frameRun: Pick<FrameRun, 'mark' | 'flush'> = new FrameRun()
