import { type ConfigOutline, readOutline } from '../config/outline.ts'
import { resolveConfigFile } from '../config/resolve-config-file.ts'
import { RelayError } from '../core/errors.ts'
import type { QueueStatus } from '../core/queue.ts'
import { type CommandContext, UsageError } from './command.ts'
import type { LetterOptions } from './deadletter-options.ts'
import type { LetterRange, PipelineLetters, ShownLetter } from './relay-api.ts'

/** Dead letters of a running relay, and of the disk where none runs. */
export class LetterReader {
  readonly #context: CommandContext
  readonly #outline: ConfigOutline
  #toldOffline = false

  private constructor(context: CommandContext, outline: ConfigOutline) {
    this.#context = context
    this.#outline = outline
  }

  static async open(context: CommandContext, config: string | undefined): Promise<LetterReader> {
    return new LetterReader(context, await readOutline(await resolveConfigFile(config)))
  }

  get dataDir(): string {
    return this.#outline.dataDir
  }

  /** One for each sink that has some. */
  async groups(pipeline: string | undefined): Promise<PipelineLetters[]> {
    const { letters } = this.#context.relay
    const sorted: PipelineLetters[] = []
    try {
      for await (const one of letters.groups(this.dataDir, pipeline)) sorted.push(one)
      return sorted
    } catch (error) {
      this.#expectNotRunning(error)
    }
    for (const name of pipeline === undefined ? this.#outline.pipelines : [pipeline]) {
      try {
        for await (const one of letters.offlineGroups(this.dataDir, name)) sorted.push(one)
      } catch (error) {
        // Of all pipelines some may never have run.
        if (pipeline !== undefined || RelayError.from(error).code !== 'PIPELINE_UNKNOWN') throw error
      }
    }
    return sorted
  }

  async *read(pipeline: string, sink: string, range: LetterRange): AsyncGenerator<ShownLetter> {
    const { letters } = this.#context.relay
    try {
      return yield* letters.read(this.dataDir, pipeline, sink, range)
    } catch (error) {
      this.#expectNotRunning(error)
    }
    yield* letters.offlineRead(this.dataDir, pipeline, sink, range)
  }

  /** The sink that is meant; undefined where no sink has dead letters. `change`: only a running relay will do. */
  async sinkOf({ pipeline, sink }: LetterOptions, { change }: { change: boolean }): Promise<string | undefined> {
    if (sink !== undefined) return sink
    const { deadLetters } = change ? await this.#running(pipeline) : await this.#queue(pipeline)
    const sinks = Object.keys(deadLetters).filter((name) => (deadLetters[name] ?? 0) > 0)
    if (sinks.length <= 1) return sinks[0]
    throw new UsageError(`${pipeline} has dead letters of ${sinks.join(' and ')}`, `choose one: --sink ${sinks[0]}`)
  }

  async #running(pipeline: string): Promise<QueueStatus> {
    return (await this.#context.relay.getQueue(this.dataDir, pipeline)).queue
  }

  async #queue(pipeline: string): Promise<QueueStatus> {
    try {
      return await this.#running(pipeline)
    } catch (error) {
      this.#expectNotRunning(error)
    }
    return (await this.#context.relay.offlineQueue(this.dataDir, pipeline)).queue
  }

  #expectNotRunning(error: unknown): void {
    if (!(error instanceof RelayError) || error.code !== 'NOT_RUNNING') throw error
    if (!this.#toldOffline) this.#context.terminal.err('no relay is running: reading the dead letters on disk\n')
    this.#toldOffline = true
  }
}

/** For what changes something, which only the process that holds the queues can do. */
export async function withRelay<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof RelayError) || error.code !== 'NOT_RUNNING') throw error
    const hint = 'start it: replay and drop need a running relay; ls and show read the disk without one'
    throw new RelayError('NOT_RUNNING', error.message, { cause: error, hint })
  }
}
