/** What flows may be stopped and let go on. */
export class Valve {
  #waiting: (() => void)[] = []
  #closed = false

  get closed(): boolean {
    return this.#closed
  }

  close(): void {
    this.#closed = true
  }

  open(): void {
    this.#closed = false
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  /** Resolves when it is open, or the signal aborts. */
  passage(signal: AbortSignal): Promise<void> {
    if (!this.#closed || signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const finish = () => {
        signal.removeEventListener('abort', finish)
        resolve()
      }
      this.#waiting.push(finish)
      signal.addEventListener('abort', finish)
    })
  }
}
