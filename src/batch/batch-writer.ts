import type { Batch, Origin } from '../core/batch.ts'
import type { MessageWriter } from '../core/framing.ts'
import { RunWriter } from './run-writer.ts'

const nothing = Buffer.alloc(0)
const noOffsets = new Uint32Array(0)
const noFlags = new Uint8Array(0)
const smallestRoom = 256

/**
 * Builds a batch. Bytes are copied once, from the socket's chunk into the batch; messages are only offsets into them.
 * `take` hands the batch over and starts a new one.
 */
export class BatchWriter implements MessageWriter {
  #bytes: Buffer = nothing
  #length = 0
  #starts = noOffsets
  #ends = noOffsets
  #flags = noFlags
  #messages = 0
  #runs = new RunWriter()
  #origin: Origin | undefined
  #receivedAtMs = 0
  /** The next message may begin a run. */
  #newRun = true
  readonly #initialBytes: number
  /** The next batch will be about as large as the last one: growing in steps costs more than all the framing. */
  #expectedBytes: number
  #expectedMessages = smallestRoom

  /** `initialBytes`: the smallest buffer; it grows as it must. */
  constructor(initialBytes = 64 * 1024) {
    this.#initialBytes = initialBytes
    this.#expectedBytes = initialBytes
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
    if (origin === this.#origin && receivedAtMs === this.#receivedAtMs) return
    this.#origin = origin
    this.#receivedAtMs = receivedAtMs
    this.#newRun = true
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
    if (this.#newRun) this.#beginRun(i)
    if (i === this.#starts.length) this.#growOffsets()
    this.#starts[i] = start
    this.#ends[i] = end
    this.#flags[i] = flags
    this.#messages = i + 1
  }

  /** The batch so far, or undefined when it has no message. The writer begins a new one. */
  take(): Batch | undefined {
    const batch = this.#messages === 0 ? undefined : this.#batch()
    this.#bytes = nothing
    this.#length = 0
    this.#starts = noOffsets
    this.#ends = noOffsets
    this.#flags = noFlags
    this.#messages = 0
    this.#runs = new RunWriter()
    this.#newRun = true
    return batch
  }

  #batch(): Batch {
    this.#expectedBytes = Math.max(this.#initialBytes, this.#length + (this.#length >>> 3))
    this.#expectedMessages = Math.max(smallestRoom, this.#messages + (this.#messages >>> 3))
    return {
      bytes: this.#bytes.subarray(0, this.#length),
      starts: this.#starts.subarray(0, this.#messages),
      ends: this.#ends.subarray(0, this.#messages),
      flags: this.#flags.subarray(0, this.#messages),
      ...this.#runs.done(),
    }
  }

  #beginRun(start: number): void {
    if (this.#origin === undefined) throw new TypeError('BatchWriter.from must be called before the first message')
    this.#runs.add(start, this.#origin, this.#receivedAtMs)
    this.#newRun = false
  }

  #growBytes(needed: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#expectedBytes, this.#bytes.length * 2, needed))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
  }

  #growOffsets(): void {
    const room = Math.max(this.#expectedMessages, this.#starts.length * 2)
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
