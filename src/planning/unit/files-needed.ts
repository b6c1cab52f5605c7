import type { Config, PipelineConfig, SinkConfig } from '../../config/schema.ts'

/** Connections that the HTTP listeners (admin, health, control) and the runtime itself may hold. */
const ownFiles = 384
/** LevelDB keeps up to 74 files of the dead letters' store open; up to eight segments at a time have about eight each; the rest are listeners and the files of a repair. */
const filesOfPipeline = 168
/** A connection, and the one that replaces it while it closes. */
const filesOfEndpoint = 2

/** What a source that fetches has open beside its objects: listing, notifications, claims, the list of what was read. */
const filesOfBucket = 24

/** Files that the relay may have open at a time for queues, sinks and listeners, beside the connections of its sources. */
export function filesNeeded(config: Config): number {
  return Object.values(config.pipelines).reduce((sum, pipeline) => sum + filesOf(config, pipeline), ownFiles)
}

/** Connections at a time. */
function connectionsOf(sink: SinkConfig | undefined): number {
  if (sink === undefined || sink.type === 'file') return 1
  return sink.endpoints.length * (sink.type === 'syslog' ? 1 : sink.max_requests_in_flight)
}

function filesOf(config: Config, pipeline: PipelineConfig): number {
  const endpoints = pipeline.sinks.map((name) => config.sinks[name]).map(connectionsOf)
  const fetching = pipeline.source.type === 's3' ? filesOfBucket + pipeline.source.concurrency : 0
  return filesOfPipeline + fetching + filesOfEndpoint * endpoints.reduce((sum, count) => sum + count, 0)
}
