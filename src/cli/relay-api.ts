import type { BenchSelfOptions } from '../app/bench-self/bench-self.ts'
import type { BucketWarning } from '../app/bucket-warnings.ts'
import type {
  LetterGroup,
  LetterRange,
  LetterSelection,
  MessageRange,
  PipelineLetters,
  QueuedMessage,
  ReplayOptions,
  ReplayPlan,
  ReplayProgress,
  ReplayStep,
  ShownLetter,
} from '../app/control.ts'
import type { DoctorOptions, Examination } from '../app/doctor/run-doctor.ts'
import type { StartReport } from '../app/start-report.ts'
import type { UnitSurroundings } from '../app/unit/unit-surroundings.ts'
import type { WrittenDropIn } from '../app/unit/write-drop-in.ts'
import type { Config } from '../config/schema.ts'
import type { PipelineStatus, RelayStatus } from '../core/status.ts'
import type { Measurement } from '../planning/sizing-measurement.ts'

export type {
  LetterGroup,
  LetterRange,
  LetterSelection,
  MessageRange,
  PipelineLetters,
  QueuedMessage,
  ReplayOptions,
  ReplayPlan,
  ReplayProgress,
  ReplayStep,
  ShownLetter,
}

/** The dead letters of a relay, running or not. */
export interface LettersApi {
  groups(dataDir: string, pipeline: string | undefined): AsyncIterable<PipelineLetters>
  read(dataDir: string, pipeline: string, sink: string, range: LetterRange): AsyncIterable<ShownLetter>
  replay(dataDir: string, pipeline: string, sink: string, options: ReplayOptions): AsyncIterable<ReplayStep>
  /** Resolves with how many were deleted; an empty selection means all. */
  drop(dataDir: string, pipeline: string, sink: string, selection: LetterSelection): Promise<number>
  offlineGroups(dataDir: string, pipeline: string): AsyncIterable<PipelineLetters>
  offlineRead(dataDir: string, pipeline: string, sink: string, range: LetterRange): AsyncIterable<ShownLetter>
}

/** What the commands need of a relay, running or not. Tests give them another one. */
export interface RelayApi {
  runRelay(options: { configFile?: string | undefined; onStarted: (report: StartReport) => void }): Promise<number>
  getStatus(dataDir: string): Promise<RelayStatus>
  getQueue(dataDir: string, pipeline: string): Promise<Pick<PipelineStatus, 'queue'>>
  queueMessages(dataDir: string, pipeline: string, range: MessageRange): AsyncIterable<QueuedMessage>
  offlineQueue(dataDir: string, pipeline: string): Promise<Pick<PipelineStatus, 'queue'>>
  offlineMessages(dataDir: string, pipeline: string, range: MessageRange): AsyncIterable<QueuedMessage>
  readonly letters: LettersApi
  drain(dataDir: string): Promise<void>
  benchSelf(options: BenchSelfOptions): Promise<Measurement | undefined>
  bucketWarnings(config: Config): Promise<BucketWarning[]>
  doctor(options: DoctorOptions): Promise<Examination>
  unitSurroundings(config: Config): Promise<UnitSurroundings>
  writeUnit(text: string, directory: string): Promise<WrittenDropIn>
}

const control = () => import('../app/control.ts')
const offline = () => import('../app/offline-queue.ts')
const offlineLetters = () => import('../app/dead-letters-offline.ts')

const lettersApi: LettersApi = {
  async *groups(dataDir, pipeline) {
    yield* (await control()).letterGroups(dataDir, pipeline)
  },
  async *read(dataDir, pipeline, sink, range) {
    yield* (await control()).deadLetters(dataDir, pipeline, sink, range)
  },
  async *replay(dataDir, pipeline, sink, options) {
    yield* (await control()).replayLetters(dataDir, pipeline, sink, options)
  },
  drop: async (dataDir, pipeline, sink, selection) => (await control()).dropLetters(dataDir, pipeline, sink, selection),
  async *offlineGroups(dataDir, pipeline) {
    yield* (await offlineLetters()).offlineLetterGroups(dataDir, pipeline)
  },
  async *offlineRead(dataDir, pipeline, sink, range) {
    yield* (await offlineLetters()).offlineDeadLetters(dataDir, pipeline, sink, range)
  },
}

/** Each part is loaded when it is needed: `logrelay types` opens no database. */
export const relayApi: RelayApi = {
  runRelay: async (options) => (await import('../app/run-relay.ts')).runRelay(options),
  getStatus: async (dataDir) => (await control()).getStatus(dataDir),
  getQueue: async (dataDir, pipeline) => (await control()).getQueue(dataDir, pipeline),
  async *queueMessages(dataDir, pipeline, range) {
    yield* (await control()).queueMessages(dataDir, pipeline, range)
  },
  bucketWarnings: async (config) => {
    const asked = Object.values(config.pipelines).some(({ source }) => source.type === 's3' && source.rpo > 0)
    return asked ? (await import('../app/bucket-warnings.ts')).bucketWarnings(config) : []
  },
  benchSelf: async (options) => (await import('../app/bench-self/bench-self.ts')).benchSelf(options),
  unitSurroundings: async (config) => (await import('../app/unit/unit-surroundings.ts')).unitSurroundings(config),
  writeUnit: async (text, directory) => (await import('../app/unit/write-drop-in.ts')).writeDropIn(text, directory),
  letters: lettersApi,
  doctor: async (options) => (await import('../app/doctor/run-doctor.ts')).runDoctor(options),
  drain: async (dataDir) => (await control()).drain(dataDir),
  offlineQueue: async (dataDir, pipeline) => (await offline()).offlineQueue(dataDir, pipeline),
  async *offlineMessages(dataDir, pipeline, range) {
    yield* (await offline()).offlineMessages(dataDir, pipeline, range)
  },
}
