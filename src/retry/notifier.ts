/**
 * Says that something changed, to all who wait. A waiter names the version it has looked at, so no change between looking
 * and waiting is missed.
 */
export class Notifier {
  #version = 0
  #waiting = new Set<() => void>()

  get version(): number {
    return this.#version
  }

  notify(): void {
    this.#version++
    const waiting = this.#waiting
    this.#waiting = new Set()
    for (const wake of waiting) wake()
  }

  /** Resolves at the first change after version `seen`, or when the signal aborts. */
  wait(seen: number, signal: AbortSignal): Promise<void> {
    if (seen !== this.#version || signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = () => {
        signal.removeEventListener('abort', wake)
        this.#waiting.delete(wake)
        resolve()
      }
      signal.addEventListener('abort', wake)
      this.#waiting.add(wake)
    })
  }
}
