import type { Segment } from './refusal-search.ts'
import { type Around, RequestBody } from './request-body.ts'
import type { SentBatch } from './sent-batch.ts'

/** `full`: it belongs into the next request. `too_large`: it fits into none; with its bytes in a body of its own. */
export type Added = number | 'full' | { readonly tooLarge: number }

/** What a body may have. */
export interface BodyLimits {
  /** Of a body of several documents. */
  readonly requestBytes: number
  /** Of any. */
  readonly maxBytes: number
}

/** Documents that become one request, and the messages that they were made of. They may be of several sends. */
export class RequestDocuments {
  readonly body: RequestBody
  readonly #around: Around
  /** Of the message in its send. */
  readonly #indexes: number[] = []
  /** Each from its position on. */
  readonly #senders: { readonly sent: SentBatch; readonly from: number }[] = []

  /** `capacity`: bytes that the body is expected to have. */
  constructor(around: Around, capacity: number) {
    this.#around = around
    this.body = new RequestBody(around, capacity)
  }

  get count(): number {
    return this.#indexes.length
  }

  /** Returns the document's bytes when it was added. */
  add(document: string | Buffer, { requestBytes, maxBytes }: BodyLimits, sent: SentBatch, index: number): Added {
    const bytes = this.body.add(document)
    const alone = this.#around.size(1, bytes)
    if (alone > maxBytes || (this.count > 0 && this.body.bytes > requestBytes)) {
      this.body.dropLast()
      return alone > maxBytes ? { tooLarge: alone } : 'full'
    }
    if (this.#senders.at(-1)?.sent !== sent) this.#senders.push({ sent, from: this.count })
    this.#indexes.push(index)
    return bytes
  }

  has(sent: SentBatch): boolean {
    return this.#senders.some((sender) => sender.sent === sent)
  }

  forEach({ from, to }: Segment, settle: (sent: SentBatch, index: number, position: number) => void): void {
    for (let s = 0; s < this.#senders.length; s++) {
      const { sent, from: begin } = this.#senders[s] as { sent: SentBatch; from: number }
      const end = Math.min(to, this.#senders[s + 1]?.from ?? this.count)
      for (let position = Math.max(from, begin); position < end; position++) settle(sent, this.#indexes[position] as number, position)
    }
  }
}
