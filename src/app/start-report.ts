import { formatEndpoint, formatHostPort } from '../config/formats.ts'
import type { LoadedConfig } from '../config/load.ts'
import type { Config, PipelineConfig, SinkConfig } from '../config/schema.ts'
import type { Listening } from '../core/source.ts'
import { diskBudgetWarning } from './disk-budget.ts'
import { sinkFilePath } from './paths.ts'
import type { Relay } from './relay.ts'
import { unconfiguredQueueWarnings } from './unconfigured-queues.ts'
import { version } from './version.ts'

/** What a person who has just started the relay wants to know. */
export interface StartReport {
  readonly version: string
  readonly configFile: string
  readonly builtin: boolean
  readonly dataDir: string
  readonly admin: string
  readonly pipelines: readonly PipelineReport[]
  readonly warnings: readonly string[]
}

export interface PipelineReport {
  readonly name: string
  readonly device: string
  readonly listening: readonly Listening[]
  /** `destination`: the endpoints, or the file's path. */
  readonly sinks: readonly { readonly name: string; readonly type: string; readonly destination: string }[]
  /** Messages that an earlier life left in the queue. */
  readonly queued: number
}

export async function startReport(relay: Relay, { file, builtin }: LoadedConfig): Promise<StartReport> {
  const { config } = relay
  const status = relay.status().pipelines
  const usedBytes = Object.values(status).reduce((sum, { queue }) => sum + queue.bytes, 0)
  const budget = await diskBudgetWarning(config, usedBytes)
  return {
    version,
    configFile: file,
    builtin,
    dataDir: config.data_dir,
    admin: formatHostPort(relay.adminAddress ?? config.admin.listen),
    pipelines: Object.entries(config.pipelines).map(([name, pipeline]) => ({
      name,
      device: pipeline.source.device,
      listening: status[name]?.source.listening ?? [],
      sinks: sinksOf(config, name, pipeline),
      queued: status[name]?.queue.messages ?? 0,
    })),
    warnings: [...(budget === undefined ? [] : [budget]), ...(await unconfiguredQueueWarnings(config))],
  }
}

function sinksOf(config: Config, pipelineName: string, { sinks }: PipelineConfig): PipelineReport['sinks'] {
  return sinks.map((name) => {
    const sink = config.sinks[name] as SinkConfig
    const destination =
      sink.type === 'file' ? sinkFilePath(config.data_dir, sink.path, pipelineName) : sink.endpoints.map(formatEndpoint).join(', ')
    return { name, type: sink.type, destination }
  })
}
