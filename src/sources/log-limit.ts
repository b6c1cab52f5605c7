/**
 * Keeps a log readable: each key speaks at most once in `intervalMs`, at most `maxKeys` keys in that time. What was kept
 * silent is told with the key's next line.
 */
export class LogLimit {
  readonly #intervalMs: number
  readonly #maxKeys: number
  readonly #keys = new Map<string, { since: number; silent: number }>()

  constructor(intervalMs = 60_000, maxKeys = 1024) {
    this.#intervalMs = intervalMs
    this.#maxKeys = maxKeys
  }

  /** Undefined: say nothing. Otherwise speak, and this many were kept silent since the last time. */
  admit(key: string, nowMs = performance.now()): number | undefined {
    const known = this.#keys.get(key)
    if (known !== undefined && nowMs - known.since < this.#intervalMs) {
      known.silent++
      return undefined
    }
    if (known === undefined && this.#keys.size >= this.#maxKeys && !this.#forgetOld(nowMs)) return undefined
    this.#keys.delete(key)
    this.#keys.set(key, { since: nowMs, silent: 0 })
    return known?.silent ?? 0
  }

  /** Keys lie in the order of their last line: the first is the oldest. */
  #forgetOld(nowMs: number): boolean {
    for (const [key, { since }] of this.#keys) {
      if (nowMs - since < this.#intervalMs) break
      this.#keys.delete(key)
    }
    return this.#keys.size < this.#maxKeys
  }
}
