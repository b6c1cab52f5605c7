import type { RelayError } from '../core/errors.ts'
import type { Slice } from './batch-encoder.ts'
import type { DeathListener } from './connection-life.ts'
import type { Delivery, Fate } from './delivery.ts'

/** Bytes given to the socket and not yet taken by the kernel. */
const maxUnflushedBytes = 1024 * 1024

/** What a delivery needs of its connection. */
export interface Link {
  /** It takes more. */
  readonly writable: boolean
  /** Bytes that are with the kernel and not settled. */
  readonly openBytes: number
  readonly maxOpenBytes: number
  /**
   * Calls `flushed` when the kernel has all of these bytes, and `settled` when the peer's program can be taken to have read
   * them; neither once the connection is dead.
   */
  write(slice: Slice, flushed: () => void, settled: () => void): void
}

/** The connection that a delivery goes over. */
export interface Carrier {
  readonly alive: boolean
  onDeath(listener: DeathListener): () => void
  destroy(): void
}

/** One batch on its way through a connection, slice by slice, with about a mebibyte under way. */
export class StreamDelivery {
  readonly #link: Link
  readonly #answer = Promise.withResolvers<Delivery>()
  readonly #fate = Promise.withResolvers<Fate>()
  /** Undefined when nothing more is to be written. It holds the batch. */
  #next: (() => Slice | undefined) | undefined
  #error: RelayError | undefined
  #written = 0
  #delivered = 0
  #unflushedBytes = 0
  #openWrites = 0

  constructor(link: Link, next: () => Slice | undefined) {
    this.#link = link
    this.#next = next
  }

  /** Resolves when the bytes of the batch are not needed any more. Never rejects. */
  get answer(): Promise<Delivery> {
    return this.#answer.promise
  }

  get fate(): Promise<Fate> {
    return this.#fate.promise
  }

  /** False while the connection's end would cut a message in two. */
  get atBoundary(): boolean {
    return this.#unflushedBytes === 0
  }

  /** Writes what there is room for: to begin with, and whenever there may be more. */
  pump(): void {
    while (this.#next !== undefined && this.#link.writable && this.#hasRoom()) {
      const slice = this.#next()
      if (slice === undefined) this.#next = undefined
      else if (slice.bytes.length > 0) this.#write(slice) // Empty: each of its messages was refused.
    }
    this.#conclude()
  }

  /** Nothing more is written; what was has its fate before it. */
  stop(error: RelayError): void {
    if (this.#next === undefined) return
    this.#next = undefined
    this.#error = error
    this.#conclude()
  }

  /** The connection is dead: what is not settled by now never will be. */
  fail(error: RelayError): void {
    this.#next = undefined
    this.#answer.resolve({ written: this.#written, error, fate: this.fate })
    this.#fate.resolve({ delivered: this.#delivered, error })
  }

  #hasRoom(): boolean {
    const { openBytes, maxOpenBytes } = this.#link
    return this.#unflushedBytes < maxUnflushedBytes && openBytes + this.#unflushedBytes < maxOpenBytes
  }

  #write(slice: Slice): void {
    const { end } = slice
    const { length } = slice.bytes
    let { release } = slice
    this.#written = end
    this.#unflushedBytes += length
    this.#openWrites++
    const flushed = () => {
      this.#unflushedBytes -= length
      release?.()
      release = undefined // `settled`, which lives longer, would hold the memory.
      this.pump()
    }
    const settled = () => {
      this.#delivered = end
      this.#openWrites--
      this.#conclude()
    }
    this.#link.write(slice, flushed, settled)
  }

  #conclude(): void {
    if (this.#next !== undefined || this.#unflushedBytes > 0) return
    const error = this.#error
    this.#answer.resolve({ written: this.#written, fate: this.fate, ...(error && { error }) })
    if (this.#openWrites === 0) this.#fate.resolve({ delivered: this.#written })
  }
}

/**
 * Runs a delivery until its bytes are not needed any more. It ends early when the connection dies, or when the signal
 * aborts: where half a message has been written by then, that takes the connection with it. `stopped` says so.
 */
export async function carry(delivery: StreamDelivery, carrier: Carrier, signal: AbortSignal, stopped: RelayError): Promise<Delivery> {
  const abort = () => (delivery.atBoundary ? delivery.stop(stopped) : carrier.destroy())
  const forget = carrier.onDeath((reason = stopped) => delivery.fail(reason))
  void delivery.fate.then(forget)
  signal.addEventListener('abort', abort)
  if (signal.aborted) delivery.stop(stopped)
  else if (carrier.alive) delivery.pump()
  const answer = await delivery.answer
  signal.removeEventListener('abort', abort)
  return answer
}
