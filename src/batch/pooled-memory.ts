import type { BufferPool } from './buffer-pool.ts'
import { CountedMemory } from './counted-memory.ts'

/** What a batch that was read lies in; it goes back to its pool when the last holder has released it. */
export class PooledMemory extends CountedMemory {
  readonly #buffer: Buffer
  readonly #pool: BufferPool

  constructor(buffer: Buffer, pool: BufferPool) {
    super()
    this.#buffer = buffer
    this.#pool = pool
  }

  protected spoil(): void {
    this.#buffer.fill('!')
  }

  protected free(): void {
    this.#pool.give(this.#buffer)
  }
}
