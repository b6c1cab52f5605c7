/**
 * How many connections the sources of all pipelines may hold together. Each one is an open file, of which a process has so
 * many: without this bound idle senders could leave none for queues, sinks and the control socket.
 */
export class ConnectionBudget {
  readonly #limit: () => number
  #used = 0

  /** `limit` is asked for each connection: a reload may change it. */
  constructor(limit: () => number) {
    this.#limit = limit
  }

  /** Answers whether one more connection may be kept; it is then given back when it closes. */
  take(): boolean {
    if (this.#used >= this.#limit()) return false
    this.#used++
    return true
  }

  giveBack(): void {
    this.#used--
  }
}
