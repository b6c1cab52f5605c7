import { BatchWriter } from '../batch/batch-writer.ts'
import type { Seq, StoredBatch } from '../core/batch.ts'
import type { DeadLetter } from '../core/dead-letter.ts'

/** Bytes that a letter counts besides its message: its origin, its offsets. */
const letterBytes = 256

/** Puts dead letters together as the messages that they were: own numbers, origins and receive times. */
export class LetterBatch {
  readonly #maxBytes: number
  readonly #writer = new BatchWriter()
  #queueId: string | undefined
  #seqs: [Seq, Seq][] = []
  #size = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** In ascending order. False: it belongs into the next batch. */
  add({ seq, queueId, origin, receivedAtMs, flags, bytes }: DeadLetter): boolean {
    const size = bytes.length + letterBytes
    // A batch has one queue: a name of a message is the queue's and its number.
    if (this.#seqs.length > 0 && (queueId !== this.#queueId || this.#size + size > this.#maxBytes)) return false
    this.#queueId = queueId
    this.#size += size
    this.#writer.from(origin, receivedAtMs)
    const start = this.#writer.put(bytes, 0, bytes.length)
    this.#writer.message(start, start + bytes.length, flags)
    const last = this.#seqs.at(-1)
    if (last !== undefined && last[1] === seq - 1) last[1] = seq
    else this.#seqs.push([seq, seq])
    return true
  }

  /** The batch so far; its memory is the caller's to release. Undefined when it has no letter. */
  take(): StoredBatch | undefined {
    const batch = this.#writer.take()
    const [seqs, queueId] = [this.#seqs, this.#queueId]
    this.#seqs = []
    this.#size = 0
    return batch === undefined || queueId === undefined ? undefined : { ...batch, queueId, seqs }
  }
}
