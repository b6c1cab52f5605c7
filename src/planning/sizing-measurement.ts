import { z } from 'zod'

const positive = z.number().positive()

/** What `logrelay bench-self` writes and `logrelay plan --measured` reads. */
export const measurementSchema = z.object({
  /** logrelay's version, when and on what it was measured: for people. */
  version: z.string(),
  measuredAt: z.string(),
  machine: z.object({ processors: positive, processorModel: z.string(), memoryBytes: positive, system: z.string() }),
  /** Where its queue and the synced file were. */
  directory: z.string(),
  /** Length of the load. */
  seconds: positive,
  messageBytes: positive,
  /** All were received, stored with durability `always`, and delivered. */
  messages: positive,
  /** From the first byte sent to the last one delivered. */
  messagesPerSecond: positive,
  /** Processor time of the relay, without that of the sender and the receiver. */
  cpuMicrosecondsPerMessage: positive,
  /** Bytes in the queue for each byte of messages. */
  storedBytesPerReceivedByte: positive,
  /** The most that was resident in the process, sender and receiver included. */
  peakMemoryBytes: positive,
  /** Appends of `bytes` with fdatasync, one after the other. */
  fsync: z.object({ bytes: positive, perSecond: positive, medianMs: positive, p99Ms: positive }),
})

export type Measurement = z.output<typeof measurementSchema>

/** Taken where nothing was measured: a guess on the safe side. */
export const assumedNode = { messagesPerSecond: 100_000, messageBytes: 300, storedBytesPerReceivedByte: 0.33 }

/**
 * What a node does with messages of another size than it was measured with. Larger ones cost by their bytes; smaller ones cost no
 * less than those did, which is on the safe side.
 */
export function rateAtSize(measured: Pick<Measurement, 'messagesPerSecond' | 'messageBytes'>, messageBytes: number): number {
  return measured.messagesPerSecond * Math.min(1, measured.messageBytes / messageBytes)
}
