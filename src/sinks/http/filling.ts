import type { RequestFailure } from './verdicts.ts'

/** A send that adds its documents to requests, or waits until the next one has room. */
export class Filling {
  /** Why it is not to go on. */
  failure: RequestFailure | undefined
  #wake: (() => void) | undefined

  get adds(): boolean {
    return this.#wake === undefined
  }

  /** Resolves with `goOn` or `fail`, which `waiting` may call already. */
  wait(waiting: () => void): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
      waiting()
    })
  }

  goOn(): void {
    this.#wake?.()
    this.#wake = undefined
  }

  fail(failure: RequestFailure): void {
    this.failure ??= failure
    this.goOn()
  }
}
