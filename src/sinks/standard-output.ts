import { fstat, write } from 'node:fs'
import type { Writable } from 'node:stream'
import { promisify } from 'node:util'
import type { Slice } from './batch-encoder.ts'
import type { Appended, LineOutput } from './line-output.ts'
import { exclusively } from './path-locks.ts'
import { writeAll } from './write-all.ts'

const lineFeed = Buffer.from('\n')

/** Those that end, as far as we wrote them, with half a line. */
const midLine = new WeakSet<Writable>()

/** Standard output, or any other stream: delivered is what its reader's pipe, or its file, has taken. A reader that is slow makes it slow. */
export class StandardOutput implements LineOutput {
  readonly #stream: Writable
  /** The descriptor where it is a regular file. */
  #file: number | undefined
  /** An EPIPE with no listener would end the process; the failed write reports it as well. */
  readonly #ignore = (): void => {}

  constructor(stream: Writable) {
    this.#stream = stream
  }

  async open(): Promise<void> {
    // Several pipelines may print: one listener is enough for all, and Node.js warns at eleven.
    if (this.#stream.listenerCount('error') === 0) this.#stream.on('error', this.#ignore)
    const { fd } = this.#stream as { readonly fd?: unknown }
    if (typeof fd === 'number' && (await promisify(fstat)(fd)).isFile()) this.#file = fd
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
    const file = this.#file
    // Node.js writes to a file once, and takes what the disk had no room for as written.
    if (file !== undefined) return exclusively('-', () => this.#writeFile(file, bytes))
    return new Promise((resolve, reject) => {
      this.#stream.write(bytes, (error) => (error ? reject(error) : resolve()))
    })
  }

  /** What a failed write left behind is completed by the next one, of whichever pipeline: no line is joined to it. */
  async #writeFile(fd: number, bytes: Buffer): Promise<void> {
    const file = {
      write: async (part: Buffer, offset: number, length: number) => {
        const done = await promisify(write)(fd, part, offset, length, null)
        const last = part[offset + done.bytesWritten - 1]
        if (last === lineFeed[0]) midLine.delete(this.#stream)
        else if (done.bytesWritten > 0) midLine.add(this.#stream)
        return done
      },
    }
    if (midLine.has(this.#stream)) await writeAll(file, lineFeed)
    await writeAll(file, bytes)
  }
}
