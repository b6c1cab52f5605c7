import type { ListeningSourceConfig } from '../config/schema.ts'
import { expiryOf } from '../retry/connection-age.ts'
import type { SourceCounters } from './source-counters.ts'
import type { StreamConnection } from './stream-connection.ts'

export interface ConnectionSweepOptions {
  /** Moved while the source reads: silence of our own making is nobody's fault. */
  readonly clock: { nowMs: number }
  readonly counters: SourceCounters
  readonly connections: () => Iterable<StreamConnection>
  /** Connections are read at present. */
  readonly reading: () => boolean
}

/** A connection that is never silent between two messages is asked to leave all the same when it is so much older. */
const patience = 0.1

/** One timer for all connections of a source: those that are silent for too long, and those that are too old. */
export class ConnectionSweep {
  readonly #idleMs: number
  readonly #ageMs: number
  readonly #options: ConnectionSweepOptions
  /** When each is to leave: `performance.now()`. */
  readonly #leaveAt = new WeakMap<StreamConnection, number>()
  #timer: NodeJS.Timeout | undefined
  #last = 0

  constructor(
    { idle_timeout, max_connection_age }: Pick<ListeningSourceConfig, 'idle_timeout' | 'max_connection_age'>,
    options: ConnectionSweepOptions,
  ) {
    this.#idleMs = idle_timeout
    this.#ageMs = max_connection_age
    this.#options = options
  }

  /** Does nothing where no limit is set. */
  start(): void {
    const shortest = Math.min(this.#idleMs || Number.POSITIVE_INFINITY, this.#ageMs || Number.POSITIVE_INFINITY)
    if (this.#timer !== undefined || shortest === Number.POSITIVE_INFINITY) return
    const stepMs = Math.min(1000, Math.max(10, Math.floor(shortest / 10)))
    this.#last = performance.now()
    this.#timer = setInterval(() => this.#look(stepMs), stepMs).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #look(stepMs: number): void {
    const { clock, connections, reading } = this.#options
    const now = performance.now()
    // A step that took far longer was a process that stood still as a whole.
    if (reading()) clock.nowMs += Math.min(now - this.#last, 2 * stepMs)
    this.#last = now
    for (const connection of connections()) {
      if (this.#idleMs > 0 && connection.silentMs >= this.#idleMs) this.#closeIdle(connection)
      else if (this.#ageMs > 0 && reading()) this.#age(connection, now, stepMs)
    }
  }

  #closeIdle(connection: StreamConnection): void {
    this.#options.counters.idleTimeouts++
    connection.close()
  }

  /** Asks it to leave: its sender may finish what it has begun, and comes back through the load balancer. */
  #age(connection: StreamConnection, now: number, stepMs: number): void {
    if (connection.leaving) return
    const known = this.#leaveAt.get(connection)
    const leaveAt = known ?? expiryOf(now, this.#ageMs)
    if (known === undefined) this.#leaveAt.set(connection, leaveAt)
    if (now < leaveAt) return
    const between = connection.atBoundary && connection.silentMs >= stepMs
    if (!between && now < leaveAt + this.#ageMs * patience) return
    this.#options.counters.aged++
    connection.leave()
  }
}
