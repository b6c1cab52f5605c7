/** Calls `run` once after so many milliseconds, unless the function that it returns is called before. */
export type Timer = (run: () => void, afterMs: number) => () => void

/** The longest time that a timer of the runtime takes. */
const longestMs = 2 ** 31 - 1

/** What came while the process stood still is read before anybody is blamed for his silence: the event loop polls between the two. */
const runtimeTimer: Timer = (run, afterMs) => {
  let immediate: NodeJS.Immediate | undefined
  const timeout = setTimeout(() => {
    immediate = setImmediate(run)
  }, afterMs).unref()
  return () => {
    clearTimeout(timeout)
    clearImmediate(immediate)
  }
}

export interface AlarmContext {
  /** In milliseconds. */
  readonly now: () => number
  readonly timer?: Timer | undefined
  /** It may come too early: who hears it looks at the clock, and sets it again. */
  readonly onTime: () => void
}

/** One timer for many moments: it is set to the earliest of them. */
export class Alarm {
  readonly #now: () => number
  readonly #timer: Timer
  readonly #onTime: () => void
  #atMs = Number.POSITIVE_INFINITY
  #cancel: () => void = () => {}

  constructor({ now, timer = runtimeTimer, onTime }: AlarmContext) {
    this.#now = now
    this.#timer = timer
    this.#onTime = onTime
  }

  /** Rings at this time at the latest; never, when it is Infinity and nothing else was asked for. */
  by(atMs: number): void {
    if (atMs >= this.#atMs) return
    this.#cancel()
    this.#atMs = atMs
    const afterMs = Math.min(longestMs, Math.max(0, Math.ceil(atMs - this.#now())))
    this.#cancel = this.#timer(() => {
      this.#atMs = Number.POSITIVE_INFINITY
      this.#onTime()
    }, afterMs)
  }

  cancel(): void {
    this.#cancel()
    this.#atMs = Number.POSITIVE_INFINITY
  }
}
