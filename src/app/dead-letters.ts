import type { Seq } from '../core/batch.ts'
import type { DeadLetter, LetterSelection, ReplayStep } from '../core/dead-letter.ts'
import { unknownPipeline } from '../health/control-route.ts'
import type { LetterOffice, PipelineLetters } from '../health/letter-routes.ts'
import type { LetterDesk } from '../pipeline/letter-desk.ts'

/** What it sees of the pipelines that run. */
export interface Desks {
  names(): readonly string[]
  desk(pipeline: string): LetterDesk | undefined
}

/** The dead letters of a running relay, by pipeline. */
export class RelayLetters implements LetterOffice {
  readonly #desks: Desks

  constructor(desks: Desks) {
    this.#desks = desks
  }

  sorted(pipeline: string | undefined, signal: AbortSignal): AsyncIterable<PipelineLetters> {
    if (pipeline !== undefined) this.#desk(pipeline)
    return this.#sorted(pipeline === undefined ? this.#desks.names() : [pipeline], signal)
  }

  read(pipeline: string, sink: string, selection: LetterSelection, from: Seq, signal: AbortSignal): AsyncIterable<DeadLetter> {
    return this.#desk(pipeline).read(sink, selection, from, signal)
  }

  replay(
    pipeline: string,
    sink: string,
    selection: LetterSelection,
    options: { dryRun: boolean },
    signal: AbortSignal,
  ): AsyncIterable<ReplayStep> {
    return this.#desk(pipeline).replay(sink, selection, options, signal)
  }

  async drop(pipeline: string, sink: string, selection: LetterSelection, signal: AbortSignal): Promise<number> {
    return this.#desk(pipeline).drop(sink, selection, signal)
  }

  async *#sorted(pipelines: readonly string[], signal: AbortSignal): AsyncGenerator<PipelineLetters> {
    for (const pipeline of pipelines) {
      const desk = this.#desks.desk(pipeline) // undefined: a reload has just removed it
      if (desk !== undefined) for await (const sorted of desk.sorted(signal)) yield { pipeline, ...sorted }
    }
  }

  #desk(pipeline: string): LetterDesk {
    const desk = this.#desks.desk(pipeline)
    if (desk === undefined) throw unknownPipeline(pipeline, this.#desks.names())
    return desk
  }
}
