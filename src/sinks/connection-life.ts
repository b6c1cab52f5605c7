import type { RelayError } from '../core/errors.ts'

/** Told once that a connection is dead: why, or undefined when we closed it. */
export type DeathListener = (reason: RelayError | undefined) => void

/** A connection is alive from the time it is opened until it dies, and never again. */
export class ConnectionLife {
  readonly #listeners = new Set<DeathListener>()
  #alive = true
  #reason: RelayError | undefined

  get alive(): boolean {
    return this.#alive
  }

  /** Returns what ends the listening. Of a connection that is dead already it is told at once. */
  onDeath(listener: DeathListener): () => void {
    if (this.#alive) this.#listeners.add(listener)
    else listener(this.#reason)
    return () => this.#listeners.delete(listener)
  }

  end(reason: RelayError | undefined): void {
    this.#alive = false
    this.#reason = reason
    const listeners = [...this.#listeners]
    this.#listeners.clear()
    for (const listener of listeners) listener(reason)
  }
}
