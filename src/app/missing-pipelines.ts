import type { Component } from '../core/component.ts'
import { RelayError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { PipelineSpec } from '../pipeline/supervisor.ts'
import { Backoff, wait } from '../retry/backoff.ts'

export interface MissingPipeline {
  readonly spec: PipelineSpec
  /** Why it does not run. */
  readonly error: RelayError
}

export interface MissingPipelinesOptions {
  /** Starts one pipeline; rejects when it cannot. */
  readonly start: (spec: PipelineSpec) => Promise<void>
  readonly logger: Logger
  readonly backoff?: () => Backoff
}

/**
 * Configured pipelines that a reload could not start in any form: their port was taken, their disk was full. They are tried
 * again until they run, so that nobody has to come back for them.
 */
export class MissingPipelines implements Component {
  readonly #options: MissingPipelinesOptions
  readonly #missing = new Map<string, MissingPipeline>()
  #abort = new AbortController()
  #work: Promise<void> = Promise.resolve()

  constructor(options: MissingPipelinesOptions) {
    this.#options = options
  }

  get names(): readonly string[] {
    return [...this.#missing.keys()]
  }

  /** For /readyz and `logrelay status`. */
  get reasons(): readonly string[] {
    return [...this.#missing].map(([name, { error }]) => `pipeline ${name} does not run and is tried again: ${error.message}`)
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {
    await this.clear()
  }

  /** Ends all tries, the one under way included: another configuration is about to say what should run. */
  async clear(): Promise<void> {
    this.#abort.abort()
    await this.#work
    this.#missing.clear()
  }

  /** Tries these until they run. After `clear`. */
  pursue(missing: readonly MissingPipeline[]): void {
    for (const one of missing) this.#missing.set(one.spec.name, one)
    this.#abort = new AbortController()
    this.#work = this.#run(this.#abort.signal)
  }

  async #run(signal: AbortSignal): Promise<void> {
    const backoff = this.#options.backoff?.() ?? new Backoff({ initialMs: 1000, maxMs: 300_000 })
    while (this.#missing.size > 0) {
      await wait(backoff.next(), signal)
      for (const { spec } of [...this.#missing.values()]) {
        if (signal.aborted) return
        await this.#try(spec)
      }
    }
  }

  async #try(spec: PipelineSpec): Promise<void> {
    const { start, logger } = this.#options
    try {
      await start(spec)
      this.#missing.delete(spec.name)
      logger.info({ pipeline: spec.name }, 'the pipeline runs now')
    } catch (thrown) {
      const error = RelayError.from(thrown)
      this.#missing.set(spec.name, { spec, error })
      logger.debug({ pipeline: spec.name, error }, `the pipeline still cannot start: ${error.message}`)
    }
  }
}
