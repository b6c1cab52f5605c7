import { formatEndpoint, formatHostPort, formatHttpEndpoint } from '../config/formats.ts'
import type { LoadedConfig } from '../config/load.ts'
import type { Config, PipelineConfig, SinkConfig } from '../config/schema.ts'
import type { Listening } from '../core/source.ts'
import type { PipelineStatus } from '../core/status.ts'
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
  /** Where it fetches from: `s3://bucket/prefix`. */
  readonly from?: string
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
      ...fetching(status[name]),
      sinks: sinksOf(config, name, pipeline),
      queued: status[name]?.queue.messages ?? 0,
    })),
    warnings: [...(budget === undefined ? [] : [budget]), ...(await unconfiguredQueueWarnings(config))],
  }
}

function fetching(status: PipelineStatus | undefined): Pick<PipelineReport, 'from'> {
  const polling = status?.source.polling
  return polling === undefined ? {} : { from: polling.from }
}

function sinksOf(config: Config, pipelineName: string, { sinks }: PipelineConfig): PipelineReport['sinks'] {
  return sinks.map((name) => {
    const sink = config.sinks[name] as SinkConfig
    return { name, type: sink.type, destination: destinationOf(sink, config, pipelineName) }
  })
}

function destinationOf(sink: SinkConfig, config: Config, pipelineName: string): string {
  if (sink.type === 'file') return sinkFilePath(config.data_dir, sink.path, pipelineName)
  if (sink.type === 'syslog') return sink.endpoints.map(formatEndpoint).join(', ')
  return sink.endpoints.map(formatHttpEndpoint).join(', ')
}
