import type { QueueConfig } from '../config/schema.ts'
import type { LetterLimits } from './dead-letters/sink-letters.ts'

/** What a queue is made from. */
export interface LevelQueueSettings {
  /** `<data_dir>/queues/<pipeline>`; created when it is missing. */
  readonly directory: string
  readonly config: QueueConfig
  /** Bytes of free disk below which nothing is taken. */
  readonly minFreeDisk: number
  readonly sinks: readonly string[]
  readonly pipeline: string
  /** By sink, and `@source`; what is not named has 10,000 letters and 64 MiB. */
  readonly deadLetterLimits?: Readonly<Record<string, LetterLimits>>
}
