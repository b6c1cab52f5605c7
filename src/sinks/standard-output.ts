import type { Writable } from 'node:stream'
import type { Slice } from './batch-encoder.ts'
import type { Appended, LineOutput } from './line-output.ts'

/** Standard output, or any other stream: delivered is what its reader's pipe has taken. A reader that is slow makes it slow. */
export class StandardOutput implements LineOutput {
  readonly #stream: Writable
  /** An EPIPE with no listener would end the process; the failed write reports it as well. */
  readonly #ignore = (): void => {}

  constructor(stream: Writable) {
    this.#stream = stream
  }

  async open(): Promise<void> {
    // Several pipelines may print: one listener is enough for all, and Node.js warns at eleven.
    if (this.#stream.listenerCount('error') === 0) this.#stream.on('error', this.#ignore)
  }

  async append(next: () => Slice | undefined, signal: AbortSignal): Promise<Appended> {
    let delivered = 0
    try {
      for (let slice = next(); slice !== undefined; slice = next()) {
        signal.throwIfAborted()
        await this.#write(slice.bytes)
        delivered = slice.end
      }
      return { delivered }
    } catch (error) {
      return { delivered, error }
    }
  }

  /** The stream is the process's, not ours: it stays open. */
  async close(): Promise<void> {}

  #write(bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stream.write(bytes, (error) => (error ? reject(error) : resolve()))
    })
  }
}
