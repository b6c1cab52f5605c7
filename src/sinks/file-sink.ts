import type { Writable } from 'node:stream'
import type { FileSinkConfig } from '../config/schema.ts'
import type { StoredBatch } from '../core/batch.ts'
import { RelayError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { EndpointStatus, Outcome, Sink } from '../core/sink.ts'
import { untilAbort } from '../retry/until-abort.ts'
import type { FormatMessage } from '../syslog/formatter.ts'
import { BatchEncoder } from './batch-encoder.ts'
import type { Appended, LineOutput } from './line-output.ts'
import { outcomeOf } from './outcome.ts'
import { exclusively } from './path-locks.ts'
import { RotatingFile } from './rotating-file.ts'
import { SendGate } from './send-gate.ts'
import { StandardOutput } from './standard-output.ts'

const sliceBytes = 256 * 1024

/** What of a file sink's configuration concerns writing. */
export type FileOptions = Pick<FileSinkConfig, 'line_feeds' | 'max_file_size' | 'max_files'>

export interface FileContext {
  /** Absolute, or `-` for standard output. */
  readonly path: string
  readonly format: FormatMessage | 'raw'
  readonly logger: Logger
  /** In place of the process's standard output. */
  readonly standardOutput?: Writable
}

/**
 * One line a message, appended to a file that is rotated by size, or to standard output. A message in a file is delivered when it
 * is on disk: one fdatasync a batch. One `send` at a time.
 */
export class FileSink implements Sink {
  readonly #path: string
  readonly #options: FileOptions
  readonly #format: FormatMessage | 'raw'
  readonly #output: LineOutput
  readonly #logger: Logger
  readonly #gate = new SendGate()
  /** Work on the file that may outlive the send that asked for it. */
  #work: Promise<unknown> = Promise.resolve()
  #written = false
  #error: RelayError | undefined

  constructor(options: FileOptions, { path, format, logger, standardOutput = process.stdout }: FileContext) {
    this.#path = path
    this.#options = options
    this.#format = format
    const limits = { maxFileSize: options.max_file_size, maxFiles: options.max_files }
    this.#output = path === '-' ? new StandardOutput(standardOutput) : new RotatingFile(path, limits)
    this.#logger = logger
  }

  /** Rejects with FILE_UNWRITABLE when the file cannot be opened, unless for want of room: that is a state, and passes. */
  async start(): Promise<void> {
    try {
      await this.#exclusively(() => this.#output.open())
    } catch (error) {
      const failure = unwritable(error, this.#name)
      if (!wantsRoom(error)) throw failure
      this.#failed(failure)
    }
  }

  async stop(deadline: AbortSignal): Promise<void> {
    await this.#gate.close(deadline)
    const closed = this.#exclusively(() => this.#output.close())
    await untilAbort(
      closed.catch((error: unknown) => this.#failed(unwritable(error, this.#name))),
      deadline,
    )
  }

  async send(batch: StoredBatch, signal: AbortSignal): Promise<Outcome> {
    return this.#gate.run(signal, async (either) => {
      const encoder = new BatchEncoder(batch, {
        format: this.#format,
        framing: 'newline',
        lineFeeds: this.#options.line_feeds,
        sliceBytes: Math.min(sliceBytes, this.#options.max_file_size),
      })
      // A disk or a pipe that hangs cannot be called off: the abort is answered, the next send waits for what hangs, and the
      // bytes stay where they are until then.
      batch.memory?.retain()
      const append = async (): Promise<Appended> => (either.aborted ? { delivered: 0 } : this.#output.append(() => encoder.next(), either))
      const appended = this.#exclusively(append).finally(() => batch.memory?.release())
      const result = await untilAbort(appended, either)
      if (result === undefined || either.aborted) return outcomeOf(batch, 0, [], stopped(this.#name))
      if (result.error === undefined) {
        this.#written = true
        this.#error = undefined
        return outcomeOf(batch, result.delivered, encoder.refused)
      }
      const failure = unwritable(result.error, this.#name)
      this.#error = failure // Whoever sends logs it.
      return outcomeOf(batch, result.delivered, encoder.refused, failure)
    })
  }

  /** What is answered is on disk already. */
  async flush(): Promise<void> {}

  endpoints(): readonly EndpointStatus[] {
    const error = this.#error
    const state = this.#written && error === undefined ? 'connected' : 'idle'
    return [{ endpoint: this.#path, state, ...(error && { error: { code: error.code, message: error.message } }) }]
  }

  get #name(): string {
    return this.#path === '-' ? 'standard output' : this.#path
  }

  #failed(error: RelayError): void {
    this.#error = error
    this.#logger.warn({ code: error.code, hint: error.hint }, error.message)
  }

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#path === '-' ? this.#work.then(work, work) : exclusively(this.#path, work)
    this.#work = result
    return result
  }
}

function stopped(name: string): RelayError {
  return new RelayError('FILE_UNWRITABLE', `writing to ${name} was stopped`)
}

const explanations: Readonly<Record<string, readonly [words: string, hint?: string]>> = {
  ENOSPC: ['the disk is full', 'Make room; messages wait in the queue until then.'],
  EDQUOT: ['the disk quota is used up', 'Make room; messages wait in the queue until then.'],
  EACCES: ['not permitted', 'Give the user of the relay write access to the file and its directory.'],
  EPERM: ['not permitted', 'Give the user of the relay write access to the file and its directory.'],
  EROFS: [
    'the file system is read-only',
    'For the service: make the directory for its user, then `logrelay unit --write && systemctl restart logrelay`.',
  ],
  EISDIR: ['it is a directory'],
  ENOTDIR: ['a part of its path is not a directory'],
  // What mkdir says where a file is in its way.
  EEXIST: ['a part of its path is not a directory'],
  EMFILE: ['too many open files in this process', 'Raise LimitNOFILE of the service.'],
  EIO: ['the disk reports an error', "Look at the kernel's log."],
  EPIPE: ['nobody reads it any more'],
  ERR_STREAM_DESTROYED: ['nobody reads it any more'],
}

function unwritable(error: unknown, name: string): RelayError {
  if (error instanceof RelayError) return error
  const [words, hint] = explanations[errorCode(error)] ?? [error instanceof Error ? error.message : String(error)]
  return new RelayError('FILE_UNWRITABLE', `cannot write to ${name}: ${words}`, { cause: error, hint })
}

function wantsRoom(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE'].includes(errorCode(error))
}

function errorCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}
