import type { ListeningSourceConfig, S3SourceConfig, SourceConfig } from '../../config/schema.ts'
import { kibibyte, largestBatch, type MemoryItem, mebibyte } from './memory-item.ts'

/** Of an idle connection, as measured (docs/operations.md). */
const idleBytes = { tcp: 4 * kibibyte, tls: 36 * kibibyte }
/** What a read brought while the queue takes nothing. */
const heldChunk = 64 * kibibyte
/** RELP: answers that the peer does not read (sources/answers.ts). */
const unreadAnswers = 256 * kibibyte
/** What the kernel keeps of a connection that is not read: the default of net.ipv4.tcp_rmem. It counts as the service's memory. */
const kernelReceiveBuffer = 128 * kibibyte
/** A fast connection's grows by itself, to the most of net.ipv4.tcp_rmem; of many at a time few are that fast. */
const fast = { connections: 64, bytes: 6 * mebibyte }
/** One that is made, one that is being stored, one that waits, and what a read brought beyond. */
const batchesBeingMade = 4

/** Datagrams that are kept while the queue takes nothing (sources/udp-intake.ts). */
const heldDatagrams = 4 * mebibyte
/** The kernel doubles what SO_RCVBUF asks for (socket(7)). */
const kernelDoubles = 2

/** The window of a zstd frame (sources/s3/decompress.ts). */
const zstdWindow = 128 * mebibyte
/** Pieces between the server and the batch. */
const objectPieces = 2 * mebibyte
/** Of an object: one batch that is made, two that are being stored. */
const objectBatches = 3

/** What one pipeline's source may hold. `path` is that of the source in the configuration. */
export function sourceMemory(source: SourceConfig, who: string, path: string): MemoryItem[] {
  return source.type === 's3'
    ? [objects(source, who, path)]
    : [
        ...connections(source, who, path),
        ...datagrams(source, who, path),
        {
          name: `${who}: batches being made`,
          bytes: batchesBeingMade * largestBatch(source.max_message_size),
          key: `${path}.max_message_size`,
        },
      ]
}

/** Every connection in its worst moment: a message that is not whole, a chunk that waits, and a full buffer of the kernel. */
function connections(source: ListeningSourceConfig, who: string, path: string): MemoryItem[] {
  const streams = source.transports.filter((transport) => transport !== 'udp')
  if (streams.length === 0) return []
  const idle = streams.some((transport) => transport === 'tls') ? idleBytes.tls : idleBytes.tcp
  const answers = source.type === 'relp' ? unreadAnswers : 0
  const each = idle + source.max_message_size + heldChunk + answers + kernelReceiveBuffer
  const grown = Math.min(source.max_connections, fast.connections) * fast.bytes
  return [{ name: `${who}: connections`, bytes: source.max_connections * each + grown, key: `${path}.max_connections` }]
}

function datagrams(source: ListeningSourceConfig, who: string, path: string): MemoryItem[] {
  if (!hearsDatagrams(source)) return []
  const bytes = heldDatagrams + kernelDoubles * source.receive_buffer * source.udp_sockets
  return [{ name: `${who}: datagrams`, bytes, key: `${path}.receive_buffer` }]
}

/** Whether it needs the thread that receives datagrams. */
export function hearsDatagrams(source: SourceConfig): source is Extract<SourceConfig, { type: 'syslog' }> {
  return source.type === 'syslog' && source.transports.includes('udp')
}

function objects({ concurrency, max_message_size: maxMessage }: S3SourceConfig, who: string, path: string): MemoryItem {
  const each = zstdWindow + objectPieces + maxMessage + objectBatches * largestBatch(maxMessage)
  return { name: `${who}: objects that are read`, bytes: concurrency * each, key: `${path}.concurrency` }
}
