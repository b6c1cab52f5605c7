import type { FramingCounts } from '../core/framing.ts'

/** All zero: one set per source, shared by its connections. */
export function newFramingCounts(): FramingCounts {
  return { truncated: 0, tooLong: 0, empty: 0, skippedBytes: 0, cutOff: 0 }
}
