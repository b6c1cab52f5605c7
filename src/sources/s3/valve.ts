import { Notifier } from '../../retry/notifier.ts'

/** What flows may be stopped and let go on. */
export class Valve {
  readonly #opened = new Notifier()
  #closed = false

  get closed(): boolean {
    return this.#closed
  }

  close(): void {
    this.#closed = true
  }

  open(): void {
    this.#closed = false
    this.#opened.notify()
  }

  /** Resolves when it is open, or the signal aborts. */
  async passage(signal: AbortSignal): Promise<void> {
    while (this.#closed && !signal.aborted) await this.#opened.wait(this.#opened.version, signal)
  }
}
