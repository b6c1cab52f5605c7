import type { Framer, FramingCounts } from '../core/framing.ts'
import { LF, NUL } from './bytes.ts'
import { CountingFramer } from './counting-framer.ts'
import { DelimitedFramer } from './delimited-framer.ts'
import type { FramingLimits } from './limits.ts'

export type { FramingLimits } from './limits.ts'

/**
 * - `octet-counting`: RFC 6587, 3.4.1. What is not counted is skipped up to the next frame.
 * - `newline`: every message ends with LF; one CR before it is not part of the message.
 * - `nul`: every message ends with NUL; one line end before it is not part of the message.
 * - `auto`: the connection's first bytes decide, and each frame may decide anew: an octet count followed by what a
 *   message begins with is a count, all else is a line that ends with LF (or NUL, where the first line did).
 */
export type FramingMode = 'auto' | 'octet-counting' | 'newline' | 'nul'

/** A framer for one connection. `counts` is shared by all connections of a source. */
export function createFramer(mode: FramingMode, limits: FramingLimits, counts: FramingCounts): Framer {
  if (mode === 'newline') return new DelimitedFramer(LF, limits, counts)
  if (mode === 'nul') return new DelimitedFramer(NUL, limits, counts)
  return new CountingFramer(mode, limits, counts)
}
