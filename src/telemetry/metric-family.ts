import type { PipelineStatus, RelayStatus } from '../core/status.ts'

export interface Sample {
  readonly labels: Record<string, string>
  readonly value: number
}

/** A metric's name, type and help, and how its samples are read from a status or from the limits. */
export interface Family<From> {
  readonly type: 'counter' | 'gauge'
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
  samples(from: From): Iterable<Sample>
}

type Description = Pick<Family<unknown>, 'type' | 'name' | 'help'> & { readonly labels?: readonly string[] }

/** A family with one or more samples for each pipeline; `pipeline` is its first label. */
export function pipelineFamily(
  { labels = [], ...description }: Description,
  samples: (pipeline: PipelineStatus) => Iterable<readonly [labels: Record<string, string>, value: number]>,
): Family<RelayStatus> {
  return {
    ...description,
    labels: ['pipeline', ...labels],
    *samples(status) {
      for (const [name, pipeline] of Object.entries(status.pipelines)) {
        for (const [more, value] of samples(pipeline)) yield { labels: { pipeline: name, ...more }, value }
      }
    },
  }
}

/** A family with one figure for each pipeline. */
export function pipelineFigure(description: Description, value: (pipeline: PipelineStatus) => number): Family<RelayStatus> {
  return pipelineFamily(description, (pipeline) => [[{}, value(pipeline)]])
}

/** A record of figures as samples, its keys being the values of one label. */
export function labelled(label: string, figures: Readonly<Partial<Record<string, number>>>): [Record<string, string>, number][] {
  return Object.entries(figures).map(([key, value]) => [{ [label]: key }, value ?? 0])
}
