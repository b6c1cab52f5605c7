import { BufferPool } from '../../batch/buffer-pool.ts'
import type { Dialect } from './dialect.ts'
import type { Segment } from './refusal-search.ts'

/** A few requests in flight for a few endpoints. */
const memory = new BufferPool(8, 8 * 2 ** 20)

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

/** The body of a request, and those of parts of it. One copy of the documents; parts are copies only where something stands around. */
export class RequestBody {
  readonly #around: Around
  readonly #memory: Buffer
  readonly #bytes: Buffer
  /** Of each document, and where one behind the last would begin. */
  readonly #starts: Uint32Array

  constructor(documents: readonly Buffer[], bytes: number, around: Around) {
    this.#around = around
    const size = around.size(documents.length, bytes)
    this.#memory = memory.take(size)
    this.#bytes = this.#memory.subarray(0, size)
    this.#starts = new Uint32Array(documents.length + 1)
    this.#write(documents)
  }

  /** Bytes of the body of these documents. */
  sizeOf({ from, to }: Segment): number {
    const { before, between, after } = this.#around
    return before.length + this.#start(to) - between.length - this.#start(from) + after.length
  }

  of({ from, to }: Segment): Buffer {
    if (to - from === this.#starts.length - 1) return this.#bytes
    const { before, between, after } = this.#around
    const documents = this.#bytes.subarray(this.#start(from), this.#start(to) - between.length)
    return before.length + after.length === 0 ? documents : Buffer.concat([before, documents, after])
  }

  /** Nobody uses any of the bytes any more: their memory is used again. */
  release(): void {
    memory.give(this.#memory)
  }

  #write(documents: readonly Buffer[]): void {
    const { before, between, after } = this.#around
    let at = before.copy(this.#bytes)
    for (let i = 0; i < documents.length; i++) {
      this.#starts[i] = at
      at += (documents[i] as Buffer).copy(this.#bytes, at)
      if (i < documents.length - 1) at += between.copy(this.#bytes, at)
    }
    this.#starts[documents.length] = at + between.length
    after.copy(this.#bytes, at)
  }

  #start(document: number): number {
    return this.#starts[document] as number
  }
}
