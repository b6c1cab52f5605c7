import type { RelayError } from '../core/errors.ts'

/** Told once when a connection dies: why, or undefined when we closed it. */
export type DeathListener = (reason: RelayError | undefined) => void

/** A connection is alive from the time it is opened until it dies, and never again. */
export class ConnectionLife {
  readonly #listeners = new Set<DeathListener>()
  #alive = true

  get alive(): boolean {
    return this.#alive
  }

  /** Returns what ends the listening. */
  onDeath(listener: DeathListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  end(reason: RelayError | undefined): void {
    this.#alive = false
    const listeners = [...this.#listeners]
    this.#listeners.clear()
    for (const listener of listeners) listener(reason)
  }
}
