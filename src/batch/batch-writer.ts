import type { Batch, Origin } from '../core/batch.ts'
import type { MessageWriter } from '../core/framing.ts'
import { BatchMemory } from './batch-memory.ts'
import { RunWriter } from './run-writer.ts'

const nothing = Buffer.alloc(0)
const noOffsets = new Uint32Array(0)
const noFlags = new Uint8Array(0)
const smallestBytes = 4 * 1024
const smallestRoom = 256
/** From here on a batch is built in shared memory, and below a quarter of it copied out again. */
const largeBytes = 64 * 1024

/**
 * Builds a batch. Bytes are copied once, from the socket's chunk into the batch; messages are only offsets into them.
 * `take` hands the batch over and starts a new one.
 */
export class BatchWriter implements MessageWriter {
  #memory: BatchMemory | undefined
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
  /** The next batch will be about as large as the last one. */
  #expectLarge = false

  get messages(): number {
    return this.#messages
  }

  /** Senders of the messages so far. */
  get origins(): number {
    return this.#runs.origins
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
    this.#bytes.set(from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to), at)
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
    this.#expectLarge = this.#length >= largeBytes
    this.#length = 0
    this.#messages = 0
    this.#runs = new RunWriter()
    this.#newRun = true
    if (this.#memory === undefined) this.#use(undefined)
    return batch
  }

  #batch(): Batch {
    const memory = this.#memory
    const arrays = {
      bytes: this.#bytes.subarray(0, this.#length),
      starts: this.#starts.subarray(0, this.#messages),
      ends: this.#ends.subarray(0, this.#messages),
      flags: this.#flags.subarray(0, this.#messages),
    }
    const runs = this.#runs.done()
    if (memory === undefined) return { ...arrays, ...runs }
    this.#use(undefined)
    if (this.#length >= largeBytes / 4) return { ...arrays, ...runs, memory }
    // A small batch must not keep a large memory from being used, for as long as its upstream is down.
    const small = { ...copied(arrays), ...runs }
    memory.release()
    return small
  }

  /** Goes on in this memory, or in none. */
  #use(memory: BatchMemory | undefined): void {
    this.#memory = memory
    this.#bytes = memory?.bytes ?? nothing
    this.#starts = memory?.starts ?? noOffsets
    this.#ends = memory?.ends ?? noOffsets
    this.#flags = memory?.flags ?? noFlags
  }

  #beginRun(start: number): void {
    if (this.#origin === undefined) throw new TypeError('BatchWriter.from must be called before the first message')
    this.#runs.add(start, this.#origin, this.#receivedAtMs)
    this.#newRun = false
  }

  #growBytes(needed: number): void {
    if (this.#memory === undefined && (this.#expectLarge || needed >= largeBytes)) this.#moveToMemory(needed)
    if (needed <= this.#bytes.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(smallestBytes, this.#bytes.length * 2, needed))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
    if (this.#memory !== undefined) this.#memory.bytes = grown
  }

  #moveToMemory(needed: number): void {
    const memory = BatchMemory.take(needed)
    memory.bytes.set(this.#bytes.subarray(0, this.#length))
    while (memory.ends.length < this.#messages) memory.growOffsets()
    memory.starts.set(this.#starts.subarray(0, this.#messages))
    memory.ends.set(this.#ends.subarray(0, this.#messages))
    memory.flags.set(this.#flags.subarray(0, this.#messages))
    this.#use(memory)
  }

  #growOffsets(): void {
    if (this.#memory !== undefined) {
      this.#memory.growOffsets()
      this.#use(this.#memory)
      return
    }
    const room = Math.max(smallestRoom, this.#starts.length * 2)
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

type Arrays = Pick<Batch, 'bytes' | 'starts' | 'ends' | 'flags'>

function copied({ bytes, starts, ends, flags }: Arrays): Arrays {
  const copy = Buffer.allocUnsafeSlow(bytes.length)
  copy.set(bytes)
  return { bytes: copy, starts: starts.slice(), ends: ends.slice(), flags: flags.slice() }
}
