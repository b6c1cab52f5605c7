import { readFileSync } from 'node:fs'
import type { Config, PipelineConfig, SinkConfig } from '../config/schema.ts'

/** Connections that the HTTP listeners (admin, health, control) and the runtime itself may hold. */
const ownFiles = 384
/** LevelDB keeps up to 74 files of the dead letters' store open; up to eight segments at a time have about eight each; the rest are listeners and the files of a repair. */
const filesOfPipeline = 168
/** A connection, and the one that replaces it while it closes. */
const filesOfEndpoint = 2

/** What a source that fetches has open beside its objects: listing, notifications, claims, the list of what was read. */
const filesOfBucket = 24

/** How many files this process may have open: `LimitNOFILE=`, `ulimit -n`. Infinity where the system does not tell. */
export function openFilesLimit(): number {
  try {
    return findOpenFiles(readFileSync('/proc/self/limits', 'latin1'))
  } catch {
    // Not Linux, or hidden by the sandbox: max_connections is then the only bound.
    return Number.POSITIVE_INFINITY
  }
}

/** The soft limit in the text of /proc/PID/limits (proc(5)), which Node.js raises to the hard one when it starts. */
export function findOpenFiles(limits: string): number {
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1]
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft)
}

/** Connections that sources may hold of so many open files: what queues, sinks and listeners need is kept, half of all at most. */
export function connectionLimit(config: Config, openFiles: number): number {
  const needed = Object.values(config.pipelines).reduce((sum, pipeline) => sum + filesOf(config, pipeline), ownFiles)
  return Math.max(Math.floor(openFiles / 2), openFiles - needed)
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
