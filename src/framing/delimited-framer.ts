import type { Framer, FramingCounts, MessageWriter } from '../core/framing.ts'
import { frameRun } from './frame-run.ts'
import type { FramingLimits } from './limits.ts'
import { Line, lineCarry } from './line.ts'

/** Non-transparent framing (RFC 6587, 3.4.2): every message ends with the same byte, LF or NUL. */
export class DelimitedFramer implements Framer {
  readonly #terminator: number
  readonly #line: Line

  constructor(terminator: number, limits: FramingLimits, counts: FramingCounts) {
    this.#terminator = terminator
    this.#line = new Line(limits, counts, lineCarry(limits))
  }

  get atBoundary(): boolean {
    return this.#line.length === 0
  }

  push(chunk: Buffer, out: MessageWriter): void {
    const terminator = this.#terminator
    let at = 0
    for (let end = chunk.indexOf(terminator); end !== -1; end = chunk.indexOf(terminator, at)) {
      this.#line.close(chunk, at, end, terminator, out)
      at = end + 1
    }
    frameRun.flush(chunk, out)
    if (at < chunk.length) this.#line.extend(chunk, at, chunk.length, out)
  }

  end(out: MessageWriter): void {
    this.#line.end(this.#terminator, out)
  }
}
