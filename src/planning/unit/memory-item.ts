/** A part of what the relay may take of memory. */
export interface MemoryItem {
  /** `pipeline NAME: connections` */
  readonly name: string
  readonly bytes: number
  /** The key of the configuration that lowers it most; without one it is what the relay needs in any case. */
  readonly key?: string
}

export const kibibyte = 2 ** 10
export const mebibyte = 2 ** 20

/** A source hands a batch over at half a mebibyte, and what one read brings may still come into it (sources/collector.ts). */
export function largestBatch(maxMessageBytes: number): number {
  return 640 * kibibyte + maxMessageBytes
}
