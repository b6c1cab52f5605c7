import type { FramingCounts } from '../core/framing.ts'
import type { OpenFrame } from './line.ts'

/** Bytes between a bad octet count and the next frame: in strict octet counting they belong to no message. */
export class Skipped implements OpenFrame {
  readonly length = 0
  readonly #counts: FramingCounts

  constructor(counts: FramingCounts) {
    this.#counts = counts
  }

  extend(_chunk: Uint8Array, from: number, to: number): void {
    this.#counts.skippedBytes += to - from
  }

  close(chunk: Uint8Array, from: number, to: number): void {
    this.extend(chunk, from, to)
  }

  end(): void {}
}
