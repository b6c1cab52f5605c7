import { type Cluster, isAtLeast } from './cluster.ts'
import type { SetupTarget } from './setup-targets.ts'

/** Times and sizes as the clusters write them: `30d`, `50gb`. */
export interface LifecycleOptions {
  /** Undefined: documents are kept for ever. */
  readonly retention: string | undefined
  readonly rolloverSize: string
  readonly rolloverAge: string
}

/** Whether there is anything for a policy to do. One index for ever can neither be rolled over nor deleted. */
export function needsPolicy({ kind }: SetupTarget, { retention }: LifecycleOptions): boolean {
  return kind === 'data_stream' || (kind === 'daily' && retention !== undefined)
}

export function lifecycleWords({ kind }: SetupTarget, { retention, rolloverSize, rolloverAge }: LifecycleOptions): string {
  const begin = kind === 'data_stream' ? `begins a new index after ${rolloverAge} or ${rolloverSize} a shard, ` : ''
  const since = kind === 'data_stream' ? 'later' : 'after it was begun'
  return `${begin}${retention === undefined ? 'deletes nothing' : `deletes an index ${retention} ${since}`}`
}

/** Index lifecycle management of Elasticsearch: the age of an index counts from its rollover, or from its creation where there is none. */
export function ilmPolicy(cluster: Cluster, { kind }: SetupTarget, options: LifecycleOptions): Record<string, unknown> {
  const { retention, rolloverSize, rolloverAge } = options
  const size = isAtLeast(cluster, 7, 13) ? 'max_primary_shard_size' : 'max_size'
  const rollover = kind === 'data_stream' ? { rollover: { [size]: rolloverSize, max_age: rolloverAge } } : {}
  const phases: Record<string, unknown> = { hot: { min_age: '0ms', actions: rollover } }
  if (retention !== undefined) phases.delete = { min_age: retention, actions: { delete: {} } }
  return { policy: { phases } }
}

/** Index state management of OpenSearch. It finds its indices itself, by patterns that match the name of the data stream. */
export function ismPolicy({ kind, patterns }: SetupTarget, options: LifecycleOptions, priority: number): Record<string, unknown> {
  const { retention, rolloverSize, rolloverAge } = options
  const dataStream = kind === 'data_stream'
  const rollover = { rollover: { min_primary_shard_size: rolloverSize, min_index_age: rolloverAge } }
  const age = dataStream ? 'min_rollover_age' : 'min_index_age'
  const states: unknown[] = [
    {
      name: 'written',
      actions: dataStream ? [rollover] : [],
      transitions: retention === undefined ? [] : [{ state_name: 'deleted', conditions: { [age]: retention } }],
    },
  ]
  if (retention !== undefined) states.push({ name: 'deleted', actions: [{ delete: {} }], transitions: [] })
  return {
    policy: {
      description: 'Indices that logrelay writes',
      default_state: 'written',
      states,
      ism_template: [{ index_patterns: patterns, priority }],
    },
  }
}
