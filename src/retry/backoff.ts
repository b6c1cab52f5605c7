/**
 * The one exponential back-off, for sinks and polling sources. Each step is twice the last, from `initialMs` up to
 * `maxMs`, with equal jitter: half of the step is fixed and half is random. So a wait is never shorter than half of
 * what was configured, and relays that lost the same upstream at the same moment do not come back in step.
 */
export class Backoff {
  readonly #initialMs: number
  readonly #maxMs: number
  readonly #random: () => number
  #attempts = 0

  /** `random` gives numbers in [0, 1); tests inject their own. */
  constructor(options: { readonly initialMs: number; readonly maxMs: number }, random: () => number = Math.random) {
    this.#initialMs = options.initialMs
    this.#maxMs = options.maxMs
    this.#random = random
  }

  /** Waits asked for since the last reset. */
  get attempts(): number {
    return this.#attempts
  }

  /** Milliseconds to wait before the next try. */
  next(): number {
    // 2 ** 1024 is Infinity, which Math.min turns into maxMs: no overflow however long the upstream is down.
    const step = Math.min(this.#maxMs, this.#initialMs * 2 ** this.#attempts)
    this.#attempts++
    return Math.round(step / 2 + this.#random() * (step / 2))
  }

  /** After a success: the next failure begins with the first step again. */
  reset(): void {
    this.#attempts = 0
  }
}

/** Resolves after `ms`, or at once when the signal aborts; never rejects, and leaves neither timer nor listener behind. */
export function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const finish = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', finish)
      resolve()
    }
    const timer = setTimeout(finish, ms)
    signal.addEventListener('abort', finish)
  })
}
