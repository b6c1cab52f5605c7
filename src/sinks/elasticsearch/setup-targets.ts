import type { Config, ElasticsearchSinkConfig } from '../../config/schema.ts'
import { dataStreamName, fillDataStream, hasDate, type IndexNames, indexWildcard } from '../../syslog/index-name.ts'
import { dataStreamPatterns } from './index-target.ts'

/** What an index template is to be made for. */
export interface SetupTarget {
  readonly sink: string
  /** Of everything that is installed for it. */
  readonly name: string
  /** Of data streams or indices, as templates have them. */
  readonly patterns: readonly string[]
  /** `daily`: indices with a date in their name. `fixed`: one index for ever. */
  readonly kind: 'data_stream' | 'daily' | 'fixed'
}

/** Where a sink writes. No patterns where no pipeline uses the sink and its names depend on them. */
export function setupTarget(config: Config, sinkName: string, sink: ElasticsearchSinkConfig): SetupTarget {
  const uses = usesOf(config, sinkName)
  const dataStream = dataStreamPatterns(sink)
  if (dataStream !== undefined) {
    const { type, dataset, namespace } = dataStream
    const wide = leadsWithName(dataset)
    const parts = wide ? [dataStream] : uses.map((names) => fillDataStream(dataStream, names))
    const patterns = parts.map((part) => indexWildcard(dataStreamName(part)))
    return { sink: sinkName, name: setupName(`${type}-${dataset}-${namespace}`), patterns: unique(patterns), kind: 'data_stream' }
  }
  const index = sink.index as string
  const patterns = leadsWithName(index) ? [indexWildcard(index)] : uses.map((names) => indexWildcard(index, names))
  return { sink: sinkName, name: setupName(index), patterns: unique(patterns), kind: hasDate(index) ? 'daily' : 'fixed' }
}

function usesOf(config: Config, sink: string): IndexNames[] {
  return Object.entries(config.pipelines)
    .filter(([, pipeline]) => pipeline.sinks.includes(sink))
    .map(([pipeline, { source }]) => ({ pipeline, device: source.device }))
}

/** Whether a pattern may have `*` for its fields: one that begins with a field would take in what others write. */
function leadsWithName(pattern: string): boolean {
  return /^[^{]{3}/.test(pattern)
}

/** `logrelay-logs-logrelay.device-default`: the same for every relay that is configured alike, whatever its sink is called. */
function setupName(pattern: string): string {
  return `logrelay-${pattern.replace(/[{}]/g, '').toLowerCase()}`
}

function unique(patterns: readonly string[]): string[] {
  return [...new Set(patterns)].sort()
}
