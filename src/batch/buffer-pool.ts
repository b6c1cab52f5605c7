/** Buffers of less than this are left to the garbage collector: they are few where there are many messages. */
const smallestBytes = 64 * 1024

/**
 * Large buffers, used again. New ones would cost a collection of the whole heap for every 64 MiB, which is several a second
 * at full load, and the kernel has to clear their pages.
 */
export class BufferPool {
  readonly #maxFree: number
  readonly #largestBytes: number
  readonly #free: Buffer[] = []

  /** `maxFree`: buffers that are kept while nobody uses them; none of more than `largestBytes`. */
  constructor(maxFree: number, largestBytes = 4 * 2 ** 20) {
    this.#maxFree = maxFree
    this.#largestBytes = largestBytes
  }

  /** At least so many bytes, with anything in them. The memory begins at a multiple of eight bytes. */
  take(bytes: number): Buffer {
    if (bytes < smallestBytes) return Buffer.allocUnsafeSlow(bytes)
    for (let i = this.#free.length - 1; i >= 0; i--) {
      const buffer = this.#free[i] as Buffer
      if (buffer.length < bytes) continue
      this.#free.splice(i, 1)
      return buffer
    }
    return Buffer.allocUnsafeSlow(bytes + (bytes >>> 3))
  }

  /** Takes back a buffer as `take` gave it, which nobody may use any more. */
  give(buffer: Buffer): void {
    if (buffer.length < smallestBytes || buffer.length > this.#largestBytes) return
    if (this.#free.length === this.#maxFree) this.#free.shift() // the oldest, so that the sizes follow the load
    this.#free.push(buffer)
  }
}
