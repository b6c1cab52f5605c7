import type { BenchSelfOptions } from '../app/bench-self/bench-self.ts'
import type { MessageRange, QueuedMessage } from '../app/control.ts'
import type { StartReport } from '../app/start-report.ts'
import type { PipelineStatus, RelayStatus } from '../core/status.ts'
import type { Measurement } from '../planning/sizing-measurement.ts'

export type { MessageRange, QueuedMessage }

/** What the commands need of a relay, running or not. Tests give them another one. */
export interface RelayApi {
  runRelay(options: { configFile?: string | undefined; onStarted: (report: StartReport) => void }): Promise<number>
  getStatus(dataDir: string): Promise<RelayStatus>
  getQueue(dataDir: string, pipeline: string): Promise<Pick<PipelineStatus, 'queue'>>
  queueMessages(dataDir: string, pipeline: string, range: MessageRange): AsyncIterable<QueuedMessage>
  offlineQueue(dataDir: string, pipeline: string): Promise<Pick<PipelineStatus, 'queue'>>
  offlineMessages(dataDir: string, pipeline: string, range: MessageRange): AsyncIterable<QueuedMessage>
  drain(dataDir: string): Promise<void>
  benchSelf(options: BenchSelfOptions): Promise<Measurement | undefined>
}

const control = () => import('../app/control.ts')
const offline = () => import('../app/offline-queue.ts')

/** Each part is loaded when it is needed: `logrelay types` opens no database. */
export const relayApi: RelayApi = {
  runRelay: async (options) => (await import('../app/run-relay.ts')).runRelay(options),
  getStatus: async (dataDir) => (await control()).getStatus(dataDir),
  getQueue: async (dataDir, pipeline) => (await control()).getQueue(dataDir, pipeline),
  async *queueMessages(dataDir, pipeline, range) {
    yield* (await control()).queueMessages(dataDir, pipeline, range)
  },
  benchSelf: async (options) => (await import('../app/bench-self/bench-self.ts')).benchSelf(options),
  drain: async (dataDir) => (await control()).drain(dataDir),
  offlineQueue: async (dataDir, pipeline) => (await offline()).offlineQueue(dataDir, pipeline),
  async *offlineMessages(dataDir, pipeline, range) {
    yield* (await offline()).offlineMessages(dataDir, pipeline, range)
  },
}
