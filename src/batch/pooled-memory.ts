import type { SharedMemory } from '../core/batch.ts'
import { BatchMemory } from './batch-memory.ts'
import type { BufferPool } from './buffer-pool.ts'

/** What a batch that was read lies in; it goes back to its pool when the last holder has released it. */
export class PooledMemory implements SharedMemory {
  readonly #buffer: Buffer
  readonly #pool: BufferPool
  #holders = 1

  /** Held once. */
  constructor(buffer: Buffer, pool: BufferPool) {
    this.#buffer = buffer
    this.#pool = pool
  }

  retain(): void {
    if (this.#holders === 0) throw new TypeError('a batch was retained after its last release')
    this.#holders++
  }

  release(): void {
    if (this.#holders === 0) throw new TypeError('a batch was released more often than it was held')
    if (--this.#holders > 0) return
    if (BatchMemory.poison) this.#buffer.fill('!')
    this.#pool.give(this.#buffer)
  }
}
