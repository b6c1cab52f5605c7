import type { ErrorCode } from '../core/errors.ts'

const quietMs = 60_000

interface Told {
  readonly atMs: number
  /** Failing periods since then whose failure of this kind was not told. */
  silent: number
}

/**
 * Decides which failures of one thing are worth a line: each kind once in a failing period, and not again within a minute, so
 * that neither an upstream that is down for a night nor one that comes and goes fills the log. A failure that lasts is
 * always told, at the latest with the first try after that minute.
 */
export class ToldFailures {
  readonly #told = new Map<ErrorCode, Told>()
  /** Kinds of failure of the period that lasts: told, or kept silent. */
  readonly #period = new Map<ErrorCode, 'told' | 'silent'>()

  /** Undefined: say nothing. Otherwise speak, and in so many failing periods since the last time nothing was said. */
  failed(code: ErrorCode, nowMs = Date.now()): number | undefined {
    const known = this.#period.get(code)
    if (known === 'told') return undefined
    const last = this.#told.get(code)
    if (last !== undefined && nowMs - last.atMs < quietMs) {
      if (known === undefined) last.silent++
      this.#period.set(code, 'silent')
      return undefined
    }
    this.#period.set(code, 'told')
    this.#told.set(code, { atMs: nowMs, silent: 0 })
    // The period at hand is told now.
    return last === undefined ? 0 : last.silent - (known === 'silent' ? 1 : 0)
  }

  /** The failing period is over; answers whether something of it was told, so that its end is to be told as well. */
  ended(): boolean {
    const told = [...this.#period.values()].includes('told')
    this.#period.clear()
    return told
  }
}
