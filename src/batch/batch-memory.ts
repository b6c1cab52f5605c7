import { CountedMemory } from './counted-memory.ts'

/** What a full batch of a source takes under pressure; a larger one makes its memory larger, and that is kept. */
const usualBytes = 704 * 1024
const usualMessages = 4096
const largestBytes = 2 * 2 ** 20
const largestMessages = 128 * 1024
/** Memories that are kept while no batch uses them. */
const maxFree = 24

const free: BatchMemory[] = []

/** The arrays of one large batch. Batches follow each other through the same few memories, so that full load makes no garbage. */
export class BatchMemory extends CountedMemory {
  bytes: Buffer
  starts = new Uint32Array(usualMessages)
  ends = new Uint32Array(usualMessages)
  flags = new Uint8Array(usualMessages)

  private constructor(bytes: number) {
    super()
    this.bytes = Buffer.allocUnsafeSlow(bytes)
  }

  /** A memory of at least so many bytes, held once. */
  static take(bytes: number): BatchMemory {
    const memory = free.pop() ?? new BatchMemory(Math.max(bytes, usualBytes))
    if (memory.bytes.length < bytes) memory.bytes = Buffer.allocUnsafeSlow(bytes + (bytes >>> 3))
    memory.hold()
    return memory
  }

  /** Room for more messages, those there are kept. */
  growOffsets(): void {
    const room = this.ends.length * 2
    const { starts, ends, flags } = this
    this.starts = new Uint32Array(room)
    this.ends = new Uint32Array(room)
    this.flags = new Uint8Array(room)
    this.starts.set(starts)
    this.ends.set(ends)
    this.flags.set(flags)
  }

  protected free(): void {
    if (free.length < maxFree && this.bytes.length <= largestBytes && this.ends.length <= largestMessages) free.push(this)
  }

  protected spoil(): void {
    this.bytes.fill('!')
    this.starts.fill(0)
    this.ends.fill(1)
  }
}
