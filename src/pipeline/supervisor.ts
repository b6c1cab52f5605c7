import type { Component } from '../core/component.ts'
import { RelayError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { PipelineStatus } from '../core/status.ts'
import type { Pipeline } from './pipeline.ts'

/** Everything a pipeline is made from. Two specs with the same `identity` make the same pipeline. */
export interface PipelineSpec {
  readonly name: string
  readonly identity: string
  build(): Pipeline
}

export interface Changes {
  readonly started: string[]
  readonly stopped: string[]
  readonly restarted: string[]
  /** Their new form could not start: they go on in the old one, or do not run at all. */
  readonly failed: { readonly name: string; readonly error: RelayError; readonly running: boolean }[]
}

/** See PipelineStopOptions. */
export interface StopSignals {
  readonly leaving: AbortSignal
  readonly deadline: AbortSignal
}

interface Running {
  readonly spec: PipelineSpec
  readonly pipeline: Pipeline
}

/** Starts, replaces and stops pipelines; knows nothing of what they are made of. */
export class Supervisor implements Component {
  readonly #logger: Logger
  readonly #first: readonly PipelineSpec[]
  readonly #running = new Map<string, Running>()

  constructor(specs: readonly PipelineSpec[], logger: Logger) {
    this.#first = specs
    this.#logger = logger
  }

  /** All or none: a pipeline that cannot start stops the start (law 6). */
  async start(): Promise<void> {
    try {
      for (const spec of this.#first) await this.add(spec)
    } catch (error) {
      await this.stop(AbortSignal.abort())
      throw error
    }
  }

  async stop(deadline: AbortSignal, leaving = deadline): Promise<void> {
    // They stay in the map: /status shows the drain, and afterwards what is left.
    await this.#each((pipeline) => pipeline.stop(deadline, { leaving }))
  }

  /** The first half of a stop: see Source.leave. */
  async leave(deadline: AbortSignal): Promise<void> {
    await this.#each((pipeline) => pipeline.leave(deadline, deadline))
  }

  /** Waits for all of them: what one cannot do is no reason to leave the others half-way. */
  async #each(work: (pipeline: Pipeline) => Promise<void>): Promise<void> {
    const one = async ({ spec: { name }, pipeline }: Running) => {
      try {
        await work(pipeline)
      } catch (error) {
        this.#logger.error({ pipeline: name, error: RelayError.from(error) }, 'the pipeline could not be stopped in order')
      }
    }
    await Promise.all([...this.#running.values()].map(one))
  }

  /**
   * Makes the running pipelines those of `specs` and leaves alone those that did not change. First everything that ends
   * is stopped, so that a port can move from one pipeline to another. A pipeline whose new form cannot start goes on in its old one.
   */
  async apply(specs: readonly PipelineSpec[], signals: () => StopSignals): Promise<Changes> {
    const changes: Changes = { started: [], stopped: [], restarted: [], failed: [] }
    const wanted = new Map(specs.map((spec) => [spec.name, spec]))
    const before = new Map(this.#running)
    const ending = [...before.values()].filter(({ spec }) => wanted.get(spec.name)?.identity !== spec.identity)
    // What is replaced goes on with the same queue in a moment: emptying it first would keep the port closed for long.
    const { leaving, deadline } = signals()
    await Promise.all(ending.map(({ spec, pipeline }) => pipeline.stop(deadline, { leaving, drain: !wanted.has(spec.name) })))
    for (const { spec, pipeline } of ending) {
      // What is replaced stays in sight, stopped and not ready, until its new form runs: opening a queue may take a while.
      if (wanted.has(spec.name)) continue
      this.#running.delete(spec.name)
      changes.stopped.push(spec.name)
      this.#tellLeft(spec.name, pipeline)
    }
    for (const spec of specs) {
      const old = before.get(spec.name)
      if (old !== undefined && !ending.includes(old)) continue
      try {
        await this.add(spec)
        changes[old === undefined ? 'started' : 'restarted'].push(spec.name)
      } catch (error) {
        const running = old !== undefined && (await this.#return(old.spec))
        if (!running) this.#running.delete(spec.name)
        changes.failed.push({ name: spec.name, error: RelayError.from(error), running })
      }
    }
    return changes
  }

  /** Starts one pipeline; rejects when it cannot, and then it is not among those that run. */
  async add(spec: PipelineSpec): Promise<void> {
    const pipeline = spec.build()
    await pipeline.start()
    this.#running.set(spec.name, { spec, pipeline })
  }

  get names(): string[] {
    return [...this.#running.keys()]
  }

  get(name: string): Pipeline | undefined {
    return this.#running.get(name)?.pipeline
  }

  status(): Record<string, PipelineStatus> {
    return Object.fromEntries([...this.#running].map(([name, { pipeline }]) => [name, pipeline.status()]))
  }

  /** Nobody delivers what a removed pipeline could not deliver in time: that must not go unsaid. */
  #tellLeft(name: string, pipeline: Pipeline): void {
    const { messages } = pipeline.status().queue
    if (messages === 0) return
    const text = `the pipeline was removed and ${messages} messages still wait in its queue: add it again to deliver them`
    this.#logger.warn({ pipeline: name, messages }, text)
  }

  /** Answers whether it runs again. */
  async #return(spec: PipelineSpec): Promise<boolean> {
    try {
      await this.add(spec)
      return true
    } catch (error) {
      const { code, message } = RelayError.from(error)
      this.#logger.error({ pipeline: spec.name, code }, `the pipeline could not go on in its old form either: ${message}`)
      return false
    }
  }
}
