import { untilAbort } from '../../retry/until-abort.ts'

/** Chunks that can be looked at before they are taken, and given back. */
export class ByteInput {
  readonly #chunks: AsyncIterator<Uint8Array>
  readonly #signal: AbortSignal
  #back: Buffer[] = []
  #ended = false

  constructor(chunks: AsyncIterable<Uint8Array>, signal: AbortSignal) {
    this.#chunks = chunks[Symbol.asyncIterator]()
    this.#signal = signal
  }

  /** The next chunk, never an empty one; undefined at the end. Rejects as the input does, and with the signal's reason. */
  async next(): Promise<Buffer | undefined> {
    const given = this.#back.pop()
    if (given !== undefined) return given
    while (!this.#ended) {
      const result = await untilAbort(this.#chunks.next(), this.#signal)
      if (result === undefined) throw this.#signal.reason
      if (result.done) this.#ended = true
      else if (result.value.length > 0) return asBuffer(result.value)
    }
    return undefined
  }

  /** The next `length` bytes at least, without taking them; fewer at the end. */
  async peek(length: number): Promise<Buffer> {
    let bytes = (await this.next()) ?? Buffer.alloc(0)
    while (bytes.length < length) {
      const more = await this.next()
      if (more === undefined) break
      bytes = Buffer.concat([bytes, more])
    }
    this.giveBack(bytes)
    return bytes
  }

  /** `next` gives this before anything else. */
  giveBack(bytes: Buffer): void {
    if (bytes.length > 0) this.#back.push(bytes)
  }

  /** Nothing more is wanted: lets the input clean up, whatever it says to that. */
  async close(): Promise<void> {
    if (this.#ended) return
    this.#ended = true
    const closed = Promise.resolve(this.#chunks.return?.()).then(
      () => {},
      () => {},
    )
    // An input that still owes an answer would have us wait for it.
    if (!this.#signal.aborted) await closed
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
