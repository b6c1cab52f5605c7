import type { QueueConfig } from '../config/schema.ts'

/** What a queue is made from. */
export interface LevelQueueSettings {
  /** `<data_dir>/queues/<pipeline>`; created when it is missing. */
  readonly directory: string
  readonly config: QueueConfig
  /** Bytes of free disk below which nothing is taken. */
  readonly minFreeDisk: number
  readonly sinks: readonly string[]
  readonly pipeline: string
}
