import type { Batch, Origin } from '../core/batch.ts'
import type { MessageWriter } from '../core/framing.ts'

/**
 * Builds a batch. Bytes are copied once, from the socket's chunk into the batch; messages are only offsets into them.
 * `take` hands the batch over and starts a new one.
 */
export class BatchWriter implements MessageWriter {
  #bytes: Buffer
  #length = 0
  #starts = new Uint32Array(0)
  #ends = new Uint32Array(0)
  #flags = new Uint8Array(0)
  #messages = 0
  #origins: Origin[] = []
  #originIndex = new Map<Origin, number>()
  #runs: { start: number; origin: number; timeMs: number }[] = []
  #origin: Origin | undefined
  #receivedAtMs = 0
  readonly #initialBytes: number

  /** `initialBytes`: what a batch usually holds; it grows beyond when it must. */
  constructor(initialBytes = 64 * 1024) {
    this.#initialBytes = initialBytes
    this.#bytes = Buffer.alloc(0)
  }

  get messages(): number {
    return this.#messages
  }

  /** Bytes held, separators included. */
  get size(): number {
    return this.#length
  }

  /** The messages that follow came from this origin at this time. Pass the same object for the same sender. */
  from(origin: Origin, receivedAtMs: number): void {
    this.#origin = origin
    this.#receivedAtMs = receivedAtMs
  }

  put(chunk: Uint8Array, from: number, to: number): number {
    const at = this.#length
    const length = at + to - from
    if (length > this.#bytes.length) this.#growBytes(length)
    this.#bytes.set(chunk.subarray(from, to), at)
    this.#length = length
    return at
  }

  message(start: number, end: number, flags: number): void {
    const i = this.#messages
    if (i === this.#starts.length) this.#growOffsets()
    this.#starts[i] = start
    this.#ends[i] = end
    this.#flags[i] = flags
    const last = this.#runs.at(-1)
    if (last === undefined || last.timeMs !== this.#receivedAtMs || this.#origins[last.origin] !== this.#origin) this.#run(i)
    this.#messages = i + 1
  }

  /** The batch so far, or undefined when it has no message. The writer begins a new one. */
  take(): Batch | undefined {
    const batch = this.#messages === 0 ? undefined : this.#batch()
    this.#bytes = Buffer.alloc(0)
    this.#length = 0
    this.#starts = new Uint32Array(0)
    this.#ends = new Uint32Array(0)
    this.#flags = new Uint8Array(0)
    this.#messages = 0
    this.#origins = []
    this.#originIndex = new Map()
    this.#runs = []
    return batch
  }

  #batch(): Batch {
    const runs = this.#runs
    return {
      bytes: this.#bytes.subarray(0, this.#length),
      starts: this.#starts.subarray(0, this.#messages),
      ends: this.#ends.subarray(0, this.#messages),
      flags: this.#flags.subarray(0, this.#messages),
      origins: this.#origins,
      runStarts: Uint32Array.from(runs, (run) => run.start),
      runOrigins: Uint32Array.from(runs, (run) => run.origin),
      runTimes: Float64Array.from(runs, (run) => run.timeMs),
    }
  }

  #run(start: number): void {
    if (this.#origin === undefined) throw new TypeError('BatchWriter.from must be called before the first message')
    let origin = this.#originIndex.get(this.#origin)
    if (origin === undefined) {
      origin = this.#origins.push(this.#origin) - 1
      this.#originIndex.set(this.#origin, origin)
    }
    this.#runs.push({ start, origin, timeMs: this.#receivedAtMs })
  }

  #growBytes(needed: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#initialBytes, this.#bytes.length * 2, needed))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
  }

  #growOffsets(): void {
    const room = Math.max(256, this.#starts.length * 2)
    const starts = new Uint32Array(room)
    const ends = new Uint32Array(room)
    const flags = new Uint8Array(room)
    starts.set(this.#starts)
    ends.set(this.#ends)
    flags.set(this.#flags)
    this.#starts = starts
    this.#ends = ends
    this.#flags = flags
  }
}
