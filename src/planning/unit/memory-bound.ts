import type { Config, PipelineConfig, QueueConfig, SinkConfig } from '../../config/schema.ts'
import { kibibyte, type MemoryItem, mebibyte } from './memory-item.ts'
import { keptBodiesMemory, sinkMemory } from './sink-memory.ts'
import { hearsDatagrams, sourceMemory } from './source-memory.ts'

/** What the relay may take at most while it keeps the bounds of its configuration. */
export interface MemoryBound {
  readonly items: readonly MemoryItem[]
  readonly bytes: number
}

/** As measured at rest: the runtime, the program, what it has compiled. */
const atRest = 96 * mebibyte
/** Memory that goes round at full load, whichever pipeline uses it (batch/batch-memory.ts, batch/buffer-pool.ts). */
const sharedBuffers = 96 * mebibyte
/** Buffers of those pools that grow to the largest message, as measured with messages of 4 and 16 MiB. */
const messagesInBuffers = 16
/** V8 collects after so many bytes of new buffers. */
const uncollected = 64 * mebibyte
/** The thread that receives datagrams, and the ring that it writes to (sources/udp-thread.ts). */
const datagramThread = 16 * mebibyte
/** The AWS SDK. */
const bucketClients = 48 * mebibyte

/** A queue's store of dead letters, its caches and tables. */
const storeBytes = 6 * mebibyte
/** The newest batches, kept for sinks that are close behind (queue/recent-batches.ts). */
const recentBytes = 16 * mebibyte
/** Offsets and memory that a batch does not fill: what bytes of messages take beside themselves. */
const besideBytes = 1.5

/**
 * Adds up what every bound of the configuration allows, all at the same time. Measured figures stand in docs/operations.md and
 * bench/README.md; the other numbers are constants of the code that they name. Pure.
 */
export function memoryBound(config: Config): MemoryBound {
  const pipelines = Object.entries(config.pipelines)
  const sources = pipelines.map(([, { source }]) => source)
  const used = new Set(pipelines.flatMap(([, { sinks }]) => sinks))
  const sinks = Object.entries(config.sinks).flatMap(([name, sink]) => (used.has(name) ? [sink] : []))
  const items = [
    { name: 'the program at rest', bytes: atRest },
    {
      name: 'buffers that all pipelines share',
      bytes: sharedBuffers + messagesInBuffers * Math.max(0, ...sources.map((one) => one.max_message_size)),
    },
    { name: 'memory that is not collected yet', bytes: uncollected },
    ...(sources.some(hearsDatagrams) ? [{ name: 'the thread that receives datagrams', bytes: datagramThread }] : []),
    ...(sources.some(({ type }) => type === 's3') ? [{ name: 'clients of buckets', bytes: bucketClients }] : []),
    ...keptBodiesMemory(sinks),
    ...pipelines.flatMap(([name, pipeline]) => pipelineMemory(name, pipeline, config.sinks)),
  ]
  return { items, bytes: items.reduce((sum, { bytes }) => sum + bytes, 0) }
}

function pipelineMemory(name: string, { source, queue, sinks }: PipelineConfig, all: Config['sinks']): MemoryItem[] {
  const who = `pipeline ${name}`
  const delivery = sinks.flatMap((sink) => sinkMemory(all[sink] as SinkConfig, sink, who, source.max_message_size))
  return [...sourceMemory(source, who, `pipelines.${name}.source`), ...queueMemory(queue, who, `pipelines.${name}.queue`), ...delivery]
}

function queueMemory({ max_size, durability, max_memory }: QueueConfig, who: string, path: string): MemoryItem[] {
  // queue/intake-limits.ts: being stored, and the same compressed.
  const pending = 2 * Math.min(16 * mebibyte, Math.max(256 * kibibyte, max_size / 16))
  // queue/segments/segmented-store.ts: LevelDB has the newest segment in memory, and the one before until it is closed; four are kept that lagging sinks read.
  const segments = 6 * Math.min(8 * mebibyte, Math.max(256 * kibibyte, max_size / 32))
  const bytes = Math.ceil(besideBytes * (pending + recentBytes) + segments + storeBytes)
  const queue = { name: `${who}: queue`, bytes, key: `${path}.max_size` }
  if (durability === 'always') return [queue]
  return [queue, { name: `${who}: messages in memory`, bytes: Math.ceil(besideBytes * max_memory), key: `${path}.max_memory` }]
}
