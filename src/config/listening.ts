import type { Config, ListeningSourceConfig, PipelineConfig, SourceConfig } from './schema.ts'

/** A pipeline whose source others connect to. */
export type ListeningPipeline = PipelineConfig & { readonly source: ListeningSourceConfig }

/** Whether others connect to the source; the others fetch. */
export function listens(source: SourceConfig): source is ListeningSourceConfig {
  return source.type !== 's3'
}

/** The pipelines with ports, by name. */
export function listeningPipelines({ pipelines }: Pick<Config, 'pipelines'>): [string, ListeningPipeline][] {
  return Object.entries(pipelines).filter((entry): entry is [string, ListeningPipeline] => listens(entry[1].source))
}
