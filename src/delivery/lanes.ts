/** So many pieces of work at a time, begun by one caller. */
export class Lanes {
  readonly count: number
  #busy = 0
  #freed: () => void = () => {}

  constructor(count: number) {
    this.count = count
  }

  /** Takes work that never rejects; resolves when there is a lane for more. */
  run(work: Promise<void>): Promise<void> {
    if (this.count === 1) return work
    this.#busy++
    void work.then(() => {
      this.#busy--
      this.#freed()
    })
    return this.#until(() => this.#busy < this.count)
  }

  /** Resolves when no work is in hand. */
  empty(): Promise<void> {
    return this.#until(() => this.#busy === 0)
  }

  /** Not a race of what is in hand: work that hangs would collect a listener for each round. */
  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#freed = resolve
      })
    }
  }
}
