import type { Segment } from './refusal-search.ts'
import { type Around, RequestBody } from './request-body.ts'
import type { SentBatch } from './sent-batch.ts'

/** Documents that become one request, and the messages that they were made of. They may be of several sends. */
export class RequestDocuments {
  readonly #around: Around
  #documents: Buffer[] = []
  #documentBytes = 0
  /** Of the message in its send. */
  readonly #indexes: number[] = []
  /** Each from its position on. */
  readonly #senders: { readonly sent: SentBatch; readonly from: number }[] = []

  constructor(around: Around) {
    this.#around = around
  }

  get count(): number {
    return this.#indexes.length
  }

  /** Of the body. */
  get bytes(): number {
    return this.#around.size(this.count, this.#documentBytes)
  }

  bytesWith(document: Buffer): number {
    return this.#around.size(this.count + 1, this.#documentBytes + document.length)
  }

  add(document: Buffer, sent: SentBatch, index: number): void {
    if (this.#senders.at(-1)?.sent !== sent) this.#senders.push({ sent, from: this.count })
    this.#documents.push(document)
    this.#documentBytes += document.length
    this.#indexes.push(index)
  }

  /** The documents are not held beside the body. */
  takeBody(): RequestBody {
    const body = new RequestBody(this.#documents, this.#documentBytes, this.#around)
    this.#documents = []
    return body
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
