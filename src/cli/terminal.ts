import { RelayError } from '../core/errors.ts'

/** What commands see of the process: tests give them another one. */
export interface Terminal {
  /**
   * Writes to standard output; resolves when it is written, at once when nobody reads any more. Rejects with FILE_UNWRITABLE
   * when it is a file that does not take it: half an output must not look like a whole one.
   */
  out(data: string | Uint8Array): Promise<void>
  /** Writes to standard error. */
  err(text: string): void
  readonly input: AsyncIterable<Buffer>
  /** Aborts when standard output was closed (`logrelay parse | head`): what only prints may stop. */
  readonly closed: AbortSignal
}

/** A pipe whose reader went away, and what is written after that. */
const nobodyReads = new Set(['EPIPE', 'ERR_STREAM_DESTROYED'])

export function processTerminal(): Terminal {
  const { stdout, stderr, stdin } = process
  const closed = new AbortController()
  stdout.on('error', () => {
    // Whoever wrote hears of the error. EPIPE: whoever read our output went away. That is no failure, and never the end of a running relay.
    closed.abort()
  })
  stderr.on('error', () => {
    // Without standard error there is nobody left to tell.
  })
  return {
    async out(data) {
      if (closed.signal.aborted || data.length === 0) return
      const error = await new Promise<Error | null | undefined>((resolve) => stdout.write(data, resolve))
      if (error && !nobodyReads.has(errorCode(error))) throw unwritable(error)
    },
    err(text) {
      stderr.write(text)
    },
    // Opened by whoever reads it: a stream that was only looked at keeps the process alive.
    input: { [Symbol.asyncIterator]: () => stdin[Symbol.asyncIterator]() as AsyncIterableIterator<Buffer> },
    closed: closed.signal,
  }
}

function errorCode(error: NodeJS.ErrnoException): string {
  return error.code ?? ''
}

function unwritable(cause: Error): RelayError {
  return new RelayError('FILE_UNWRITABLE', `cannot write to standard output: ${cause.message}`, {
    cause,
    hint: 'what was printed is not whole',
  })
}
