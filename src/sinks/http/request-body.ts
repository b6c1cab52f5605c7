import { BufferPool } from '../../batch/buffer-pool.ts'
import type { Dialect } from './dialect.ts'
import type { Segment } from './refusal-search.ts'

/** A few requests in flight for a few endpoints. */
const memory = new BufferPool(16, 16 * 2 ** 20)
/** A UTF-16 unit takes at most so many bytes in UTF-8. */
const bytesPerUnit = 3
const nothing = Buffer.alloc(0)

/** The bytes before, between and behind documents. */
export class Around {
  readonly before: Buffer
  readonly between: Buffer
  readonly after: Buffer

  constructor({ before, between, after }: Dialect['around']) {
    this.before = Buffer.from(before)
    this.between = Buffer.from(between)
    this.after = Buffer.from(after)
  }

  /** Bytes of a body of documents that have so many bytes together. */
  size(documents: number, bytes: number): number {
    return this.before.length + bytes + this.between.length * Math.max(0, documents - 1) + this.after.length
  }
}

/**
 * The body of a request, and those of parts of it. Documents are written into it as they come: kept one by one until it is full, they would grow old
 * and cost collections of the whole heap. Parts are copies only where something stands around.
 */
export class RequestBody {
  readonly #around: Around
  readonly #capacity: number
  #memory: Buffer = nothing
  /** Of each document. */
  readonly #starts: number[] = []
  /** Behind the last document. */
  #end: number

  /** `capacity`: bytes that it is expected to have. It takes them with the first document: one that waits for that holds nothing. */
  constructor(around: Around, capacity: number) {
    this.#around = around
    this.#capacity = capacity
    this.#end = around.before.length
  }

  get count(): number {
    return this.#starts.length
  }

  /** Of the body as it is. */
  get bytes(): number {
    return this.#end + this.#around.after.length
  }

  /** Writes a document behind the others; returns its bytes. */
  add(document: string | Buffer): number {
    const { between } = this.#around
    this.#reserve(between.length + (typeof document === 'string' ? bytesPerUnit * document.length : document.length))
    const start = this.count === 0 ? this.#end : this.#end + between.copy(this.#memory, this.#end)
    this.#end = start + (typeof document === 'string' ? this.#memory.write(document, start) : document.copy(this.#memory, start))
    this.#starts.push(start)
    return this.#end - start
  }

  /** Takes the last document back. */
  dropLast(): void {
    const start = this.#starts.pop() ?? this.#end
    this.#end = this.count === 0 ? start : start - this.#around.between.length
  }

  /** Bytes of the body of these documents. */
  sizeOf({ from, to }: Segment): number {
    const { before, after } = this.#around
    return before.length + this.#endOf(to - 1) - this.#startOf(from) + after.length
  }

  of({ from, to }: Segment): Buffer {
    const { before, after } = this.#around
    if (to - from === this.count) {
      this.#reserve(0)
      return this.#memory.subarray(0, this.#end + after.copy(this.#memory, this.#end))
    }
    const documents = this.#memory.subarray(this.#startOf(from), this.#endOf(to - 1))
    return before.length + after.length === 0 ? documents : Buffer.concat([before, documents, after])
  }

  /** Nobody uses any of the bytes any more: their memory is used again. */
  release(): void {
    if (this.#memory !== nothing) memory.give(this.#memory)
    this.#memory = nothing
  }

  /** Room for so many bytes more, and for what ends a body. */
  #reserve(bytes: number): void {
    const needed = this.#end + bytes + this.#around.after.length
    if (needed <= this.#memory.length) return
    const larger = memory.take(Math.max(needed, this.#capacity, 2 * this.#memory.length))
    if (this.#memory === nothing) this.#around.before.copy(larger)
    else this.#memory.copy(larger, 0, 0, this.#end)
    this.release()
    this.#memory = larger
  }

  #startOf(document: number): number {
    return this.#starts[document] as number
  }

  #endOf(document: number): number {
    const next = this.#starts[document + 1]
    return next === undefined ? this.#end : next - this.#around.between.length
  }
}
