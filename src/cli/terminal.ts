import { once } from 'node:events'

/** What commands see of the process: tests give them another one. */
export interface Terminal {
  /** Writes to standard output; resolves when more may be written, at once when nobody reads any more. */
  out(data: string | Uint8Array): Promise<void>
  /** Writes to standard error. */
  err(text: string): void
  readonly input: AsyncIterable<Buffer>
  /** Aborts when standard output was closed (`logrelay parse | head`): what only prints may stop. */
  readonly closed: AbortSignal
}

export function processTerminal(): Terminal {
  const { stdout, stderr, stdin } = process
  const closed = new AbortController()
  stdout.on('error', () => {
    // EPIPE: whoever read our output went away. That is no failure, and never the end of a running relay.
    closed.abort()
  })
  stderr.on('error', () => {
    // Without standard error there is nobody left to tell.
  })
  return {
    async out(data) {
      if (closed.signal.aborted || data.length === 0 || stdout.write(data)) return
      await once(stdout, 'drain', { signal: closed.signal }).catch((error: unknown) => {
        if (!closed.signal.aborted) throw error
      })
    },
    err(text) {
      stderr.write(text)
    },
    // Opened by whoever reads it: a stream that was only looked at keeps the process alive.
    input: { [Symbol.asyncIterator]: () => stdin[Symbol.asyncIterator]() as AsyncIterableIterator<Buffer> },
    closed: closed.signal,
  }
}
