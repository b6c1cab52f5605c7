/** Fsyncs on request, many requests at once: a request joins the next round, never one that has begun. */
export class LogSync {
  readonly #syncLogs: () => Promise<boolean>
  #current: Promise<boolean> | undefined
  #next: Promise<boolean> | undefined
  #unsynced = false

  /** `syncLogs` resolves to false when the store was closed. */
  constructor(syncLogs: () => Promise<boolean>) {
    this.#syncLogs = syncLogs
  }

  /** Something was written. */
  written(): void {
    this.#unsynced = true
  }

  async syncIfWritten(): Promise<void> {
    if (this.#unsynced) await this.sync()
  }

  /** Resolves when all that was written before the call is on disk; to false when the store was closed before. */
  sync(): Promise<boolean> {
    if (this.#current === undefined) return this.#begin()
    this.#next ??= this.#current.then(() => this.#begin())
    return this.#next
  }

  async #begin(): Promise<boolean> {
    this.#next = undefined
    this.#unsynced = false
    this.#current = this.#syncLogs()
    const synced = await this.#current
    this.#current = undefined
    if (!synced) this.#unsynced = true
    return synced
  }
}
