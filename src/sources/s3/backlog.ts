import { Notifier } from '../../retry/notifier.ts'
import type { ObjectJob } from './object-job.ts'

/** So many wait at most: whoever finds objects waits then. Failed ones and those that others read count as well. */
const maxKnown = 2000

/**
 * The objects that are known and not settled: some wait, some are being read, some are to be looked at later. Each is in here once,
 * however often it is listed or notified.
 */
export class Backlog {
  readonly #known = new Map<string, ObjectJob>()
  readonly #later = new Map<ObjectJob, NodeJS.Timeout>()
  readonly #maxWaiting: number
  #waiting: ObjectJob[] = []
  readonly #changed = new Notifier()
  #closed = false

  /** `maxWaiting`: of those that wait, so many. */
  constructor(maxWaiting = 1000) {
    this.#maxWaiting = maxWaiting
  }

  get waiting(): number {
    return this.#waiting.length + this.#later.size
  }

  get ids(): Iterable<string> {
    return this.#known.keys()
  }

  get(id: string): ObjectJob | undefined {
    return this.#known.get(id)
  }

  /** At the end, or at the front: those that were begun before. Of one that is known already nothing changes. */
  add(job: ObjectJob, { first = false } = {}): void {
    if (this.#known.has(job.id)) return
    this.#known.set(job.id, job)
    this.giveBack(job, { first })
  }

  /** It waits again, at once or after some time. */
  giveBack(job: ObjectJob, { first = false, afterMs = 0 } = {}): void {
    if (this.#closed) return
    if (afterMs > 0) {
      const due = () => {
        this.#later.delete(job)
        this.giveBack(job)
      }
      this.#later.set(job, setTimeout(due, afterMs))
    } else if (first) this.#waiting.unshift(job)
    else this.#waiting.push(job)
    this.#changed.notify()
  }

  settle(job: ObjectJob): void {
    this.#known.delete(job.id)
    job.settle()
    this.#changed.notify()
  }

  /** The next one, or with `pick` the one of so many that it says; undefined when the signal aborts. */
  async take(signal: AbortSignal, pick: (count: number) => number = () => 0): Promise<ObjectJob | undefined> {
    while (!signal.aborted) {
      const [job] = this.#waiting.splice(pick(this.#waiting.length), 1)
      if (job !== undefined) {
        this.#changed.notify()
        return job
      }
      await this.#changed.wait(this.#changed.version, signal)
    }
    return undefined
  }

  get hasRoom(): boolean {
    return this.#waiting.length < this.#maxWaiting && this.#known.size < maxKnown
  }

  /** Resolves when there is room for more, or the signal aborts. */
  async room(signal: AbortSignal): Promise<void> {
    while (!this.hasRoom && !signal.aborted) await this.#changed.wait(this.#changed.version, signal)
  }

  close(): void {
    this.#closed = true
    for (const timer of this.#later.values()) clearTimeout(timer)
    this.#changed.notify()
  }
}
