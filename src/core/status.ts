import type { Ledger } from './ledger.ts'
import type { QueueStatus } from './queue.ts'
import type { EndpointStatus } from './sink.ts'
import type { SourceStats } from './source.ts'

/** One sink of one pipeline. Times are milliseconds since the epoch. */
export interface SinkStatus {
  readonly type: string
  readonly state: 'idle' | 'sending' | 'backing_off' | 'stopped'
  /** Since when it fails, why, and when the next try is. */
  readonly failingSinceMs?: number
  readonly error?: { readonly code: string; readonly message: string }
  readonly retryAtMs?: number
  readonly lastDeliveredAtMs?: number
  /** Messages that are written to a peer that does not acknowledge them, and not known to be read. They are queued. */
  readonly unsettled: number
  /** Messages sent again, since the pipeline was started, although their receiver may have read them before. */
  readonly resent: number
  readonly endpoints: readonly EndpointStatus[]
}

export interface PipelineStatus {
  readonly device: string
  /** True exactly when the pipeline's ports take messages. `reasons` says why not, or what else a person should know. */
  readonly ready: boolean
  readonly reasons: readonly string[]
  readonly source: SourceStats
  readonly queue: QueueStatus
  readonly ledger: Ledger
  readonly sinks: Readonly<Record<string, SinkStatus>>
}

/** `drained`: every pipeline has stopped, what is left waits on disk, and the process may be ended at any time. */
export type RelayState = 'starting' | 'running' | 'draining' | 'drained' | 'stopped'

/** What /status, `logrelay status`, /readyz and the metrics are all made from. */
export interface RelayStatus {
  readonly version: string
  readonly pid: number
  readonly state: RelayState
  readonly startedAtMs: number
  /** Drained or stopped: ending the process or its machine costs nothing that the disk does not hold. */
  readonly safeToTerminate: boolean
  readonly ready: boolean
  readonly reasons: readonly string[]
  readonly configFile: string
  /** Set while a reload was refused and the configuration before it is still in force. */
  readonly reloadError?: string
  readonly pipelines: Readonly<Record<string, PipelineStatus>>
}
