import type { Batch, Origin } from '../core/batch.ts'

const smallestRoom = 16

/** Notes who sent the messages of a batch and when. Datagrams of many peers alternate, so a run is three numbers, not an object. */
export class RunWriter {
  #origins: Origin[] = []
  #indexes = new Map<Origin, number>()
  #starts = new Uint32Array(smallestRoom)
  #origin = new Uint32Array(smallestRoom)
  #times = new Float64Array(smallestRoom)
  #runs = 0

  /** Message `start` and those that follow came from `origin`; nothing is added where the last run says the same. */
  add(start: number, origin: Origin, timeMs: number): void {
    const last = this.#runs - 1
    if (last >= 0 && this.#times[last] === timeMs && this.#origins[this.#origin[last] as number] === origin) return
    if (this.#runs === this.#starts.length) this.#grow()
    this.#starts[this.#runs] = start
    this.#origin[this.#runs] = this.#indexOf(origin)
    this.#times[this.#runs] = timeMs
    this.#runs++
  }

  /** So many origins were noted. */
  get origins(): number {
    return this.#origins.length
  }

  /** What was noted; the writer is not used after this. */
  done(): Pick<Batch, 'origins' | 'runStarts' | 'runOrigins' | 'runTimes'> {
    return {
      origins: this.#origins,
      runStarts: this.#starts.subarray(0, this.#runs),
      runOrigins: this.#origin.subarray(0, this.#runs),
      runTimes: this.#times.subarray(0, this.#runs),
    }
  }

  #indexOf(origin: Origin): number {
    let index = this.#indexes.get(origin)
    if (index === undefined) {
      index = this.#origins.push(origin) - 1
      this.#indexes.set(origin, index)
    }
    return index
  }

  #grow(): void {
    const room = this.#starts.length * 2
    const starts = new Uint32Array(room)
    const origin = new Uint32Array(room)
    const times = new Float64Array(room)
    starts.set(this.#starts)
    origin.set(this.#origin)
    times.set(this.#times)
    this.#starts = starts
    this.#origin = origin
    this.#times = times
  }
}
