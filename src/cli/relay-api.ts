import type { MessageRange, QueuedMessage } from '../app/control.ts'
import type { StartReport } from '../app/start-report.ts'
import { RelayError } from '../core/errors.ts'
import type { PipelineStatus, RelayStatus } from '../core/status.ts'

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
}

const control = () => import('../app/control.ts')

/** Each part is loaded when it is needed: `logrelay types` opens no database. */
export const relayApi: RelayApi = {
  runRelay: async (options) => (await import('../app/run-relay.ts')).runRelay(options),
  getStatus: async (dataDir) => (await control()).getStatus(dataDir),
  getQueue: async (dataDir, pipeline) => (await control()).getQueue(dataDir, pipeline),
  async *queueMessages(dataDir, pipeline, range) {
    yield* (await control()).queueMessages(dataDir, pipeline, range)
  },
  drain: async (dataDir) => (await control()).drain(dataDir),
  offlineQueue: notRunning,
  offlineMessages: notRunning,
}

function notRunning(): never {
  throw new RelayError('NOT_RUNNING', 'no relay is running in this data directory', { hint: 'start it with `logrelay start`' })
}
