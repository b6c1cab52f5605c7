import type { MessageWriter } from '../core/framing.ts'

const nothing = new Uint8Array(0)
const smallestBytes = 256
/** An idle connection may keep a buffer this large; a larger one goes back as soon as its message is complete. */
const keptBytes = 1024

/**
 * The beginning of a message whose end has not arrived. Nothing is allocated before it is needed, and it grows by
 * doubling, so a sender of one byte at a time costs linear work and 10,000 idle connections cost nothing.
 */
export class Carry {
  readonly #maxBytes: number
  #bytes = nothing
  #length = 0

  /** Never more than `maxBytes` are appended, so it never grows beyond. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Bytes allocated. */
  get capacity(): number {
    return this.#bytes.length
  }

  get length(): number {
    return this.#length
  }

  /** The last byte but `back`; undefined before the first. */
  fromEnd(back: number): number | undefined {
    return this.#bytes[this.#length - 1 - back]
  }

  append(chunk: Uint8Array, from: number, to: number): void {
    const length = this.#length + to - from
    if (length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(length, Math.min(this.#maxBytes, Math.max(smallestBytes, this.#bytes.length * 2))))
      grown.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = grown
    }
    this.#bytes.set(chunk.subarray(from, to), this.#length)
    this.#length = length
  }

  /**
   * Writes the first `length` bytes of what is carried followed by `chunk[from..)` as one message, and forgets all of it.
   * `behind`: bytes of the chunk after the message that are written too, so that the next one follows it as it was received.
   */
  emit(chunk: Uint8Array, from: number, length: number, behind: number, flags: number, out: MessageWriter): void {
    const carried = Math.min(this.#length, length)
    const start = out.put(this.#bytes, 0, carried)
    const rest = length - carried + behind
    if (rest > 0) out.put(chunk, from, from + rest)
    out.message(start, start + length, flags)
    this.clear()
  }

  clear(): void {
    this.#length = 0
    if (this.#bytes.length > keptBytes) this.#bytes = nothing
  }
}
