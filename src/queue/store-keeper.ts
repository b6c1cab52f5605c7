import { RelayError } from '../core/errors.ts'
import { Backoff, wait } from '../retry/backoff.ts'
import { type OpenedStore, type OpenOptions, openStore } from './doctor/open-store.ts'
import { isDiskFull, isStoreError, type LevelTools, type Op, openFailure, reasonOf, type Store } from './leveldb.ts'

export interface KeeperEvents {
  /** The store does not work, and why; it is being closed, looked at and opened again until it does. */
  failed(error: RelayError): void
  /** It is open again. What is returned is written before anything else, because a repair may have brought old records back. */
  reopened(opened: OpenedStore): Op[]
  /** A mistake of ours, which is thrown on to whoever caused it and says nothing about the store. */
  mistake(error: RelayError): void
}

/** Shorter than a sink's: while it lasts nothing is taken and nothing delivered. */
const backoffBounds = { initialMs: 250, maxMs: 30_000 }

/**
 * Keeps the store open. LevelDB holds on to an error until it is opened again, so whatever fails is answered by closing,
 * inspecting, repairing where in doubt, and opening; operations wait meanwhile and are done again.
 */
export class StoreKeeper {
  readonly #directory: string
  readonly #segmentBytes: number
  readonly #events: KeeperEvents
  readonly #level: LevelTools | undefined
  readonly #stopping = new AbortController()
  #db: Store | undefined
  #recovery: Promise<void> | undefined
  /** Begins again after each thing that worked. */
  readonly #backoff = new Backoff(backoffBounds)
  /** Something failed since the last thing that worked. */
  #failing = false

  constructor(directory: string, segmentBytes: number, events: KeeperEvents, level?: LevelTools) {
    this.#directory = directory
    this.#segmentBytes = segmentBytes
    this.#events = events
    this.#level = level
  }

  /** Opens it; `suspicion` and `beyondRepair` as for `openStore`. */
  async open(doubts: Pick<OpenOptions, 'suspicion' | 'beyondRepair'> = {}): Promise<OpenedStore> {
    const opened = await openStore(
      this.#directory,
      this.#segmentBytes,
      this.#level === undefined ? doubts : { ...doubts, level: this.#level },
    )
    this.#db = opened.db
    return opened
  }

  /** Closes what `open` opened, for another `open`. */
  async reset(): Promise<void> {
    const db = this.#db
    this.#db = undefined
    await db?.close().catch((error: unknown) => this.#events.failed(asFailure(error)))
  }

  /** Writes all or nothing, as often as it takes. False: the store was closed before it succeeded. */
  async write(ops: Op[], sync: boolean): Promise<boolean> {
    const written = await this.use(async (db) => {
      await db.batch(ops, { sync })
      return true
    })
    return written === true
  }

  /**
   * Does something with the open store, again after each recovery. Undefined: the store was closed before it succeeded.
   * Rejects with INTERNAL when the work itself is wrong.
   */
  async use<T>(work: (db: Store) => Promise<T>): Promise<T | undefined> {
    for (;;) {
      await this.#recovery
      const db = this.#db
      if (db === undefined) return undefined
      try {
        const result = await work(db)
        if (this.#failing) this.#works()
        return result
      } catch (error) {
        if (!isStoreError(error)) throw this.#mistake(error)
        if (db !== this.#db || this.#stopping.signal.aborted) continue
        this.#recovery ??= this.#recover(db, error).finally(() => {
          this.#recovery = undefined
        })
      }
    }
  }

  #works(): void {
    this.#failing = false
    this.#backoff.reset()
  }

  #mistake(error: unknown): RelayError {
    const mistake = RelayError.from(error, 'INTERNAL', 'the queue')
    this.#events.mistake(mistake)
    return mistake
  }

  /** Fsyncs what was written without; false: the store was closed before. */
  async syncLogs(): Promise<boolean> {
    const synced = await this.use(async (db) => {
      await db.syncLogs()
      return true
    })
    return synced === true
  }

  async #recover(db: Store, cause: unknown): Promise<void> {
    let error = cause
    const { signal } = this.#stopping
    while (!signal.aborted) {
      this.#events.failed(asFailure(error))
      // A failed close leaves nothing to hold on to; opening says what is the matter.
      await db.close().catch((closing: unknown) => this.#events.failed(asFailure(closing)))
      // The first time at once: opening again is all that most errors need.
      if (this.#failing || isDiskFull(error)) await wait(this.#backoff.next(), signal)
      this.#failing = true
      if (signal.aborted) break
      try {
        // What the surroundings do not explain is taken for damage, however sound the files look.
        const suspicion = openFailure(this.#directory, error) === undefined ? reasonOf(error) : undefined
        const opened = await this.open(suspicion === undefined ? {} : { suspicion })
        await opened.db.batch(this.#events.reopened(opened), { sync: true })
        return
      } catch (again) {
        error = again
        if (!(again instanceof RelayError) && !isStoreError(again)) {
          this.#mistake(again) // the condition stays failed: opening again would only repeat it
          break
        }
        if (this.#db !== db) await this.#db?.close().catch((closing: unknown) => this.#events.failed(asFailure(closing)))
      }
    }
    await this.reset()
  }

  /** Operations under way get their answer; those that wait for a recovery give up. */
  async close(): Promise<void> {
    this.#stopping.abort()
    await this.#recovery
    await this.reset()
  }
}

function asFailure(error: unknown): RelayError {
  if (error instanceof RelayError) return error
  return new RelayError(isDiskFull(error) ? 'DISK_FULL' : 'QUEUE_FAILED', reasonOf(error), { cause: error })
}
