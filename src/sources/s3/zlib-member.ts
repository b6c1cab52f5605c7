import type { Gunzip, ZstdDecompress } from 'node:zlib'
import type { ByteInput } from './byte-input.ts'

/** What a decoder has made of its input; `close` comes after `end` and after an error. */
const wakingEvents = ['readable', 'end', 'close'] as const

/**
 * One gzip member or zstd frame, and those behind it that the decoder takes in one go. Chunks are given to the decoder one at a time, so
 * that no more of the output is held than its buffer, however much a chunk unfolds to, and what the decoder leaves goes back to the input.
 */
export class ZlibMember {
  readonly #decoder: Gunzip | ZstdDecompress
  #error: unknown
  #ended = false
  /** Ends the wait in `#until`. */
  #wake = (): void => {}

  constructor(decoder: Gunzip | ZstdDecompress) {
    this.#decoder = decoder
    decoder.on('error', (error) => {
      this.#error = error
    })
    decoder.on('end', () => {
      this.#ended = true
    })
    for (const event of wakingEvents) decoder.on(event, () => this.#wake())
  }

  /** Bytes of the input that were taken before the chunk at hand. */
  get taken(): number {
    return this.#decoder.bytesWritten
  }

  /** Gives the decompressed bytes. Rejects with the decoder's error or the signal's reason. */
  async *read(input: ByteInput, signal: AbortSignal): AsyncGenerator<Buffer> {
    try {
      while (!this.#ended) {
        const chunk = await input.next()
        if (chunk === undefined) yield* this.#last(signal)
        else {
          const before = this.taken
          yield* this.#through(chunk, signal)
          input.giveBack(chunk.subarray(this.taken - before))
        }
      }
    } finally {
      this.#decoder.destroy()
    }
  }

  /** What comes out until the decoder has taken in the chunk, or has come to its end. */
  async *#through(chunk: Buffer, signal: AbortSignal): AsyncGenerator<Buffer> {
    let taken = false
    this.#decoder.write(chunk, (error) => {
      taken = true
      // It comes here before its event does.
      this.#error ??= error ?? undefined
      this.#wake()
    })
    yield* this.#output(() => taken || this.#ended, signal)
  }

  /** What comes out once there is no more input. */
  async *#last(signal: AbortSignal): AsyncGenerator<Buffer> {
    this.#decoder.end()
    yield* this.#output(() => this.#ended, signal)
  }

  async *#output(done: () => boolean, signal: AbortSignal): AsyncGenerator<Buffer> {
    for (;;) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      const piece: Buffer | null = this.#decoder.read()
      signal.throwIfAborted()
      if (this.#error !== undefined) throw this.#error
      if (piece !== null) yield piece
      else if (done()) return
      else await woken
    }
  }
}
