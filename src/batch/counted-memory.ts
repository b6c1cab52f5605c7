import type { SharedMemory } from '../core/batch.ts'

/** Memory that is used again when its last holder has released it. */
export abstract class CountedMemory implements SharedMemory {
  #holders = 1

  /** Overwrites memory that is let go of, so that whoever reads it too late cannot be overlooked: for tests. */
  static poison = false

  retain(): void {
    if (this.#holders === 0) throw new TypeError('a batch was retained after its last release')
    this.#holders++
  }

  release(): void {
    if (this.#holders === 0) throw new TypeError('a batch was released more often than it was held')
    if (--this.#holders > 0) return
    if (CountedMemory.poison) this.spoil()
    this.free()
  }

  /** It is used again: held once. */
  protected hold(): void {
    this.#holders = 1
  }

  protected abstract spoil(): void
  protected abstract free(): void
}
