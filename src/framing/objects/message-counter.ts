import type { MessageWriter } from '../../core/framing.ts'

/** Counts the messages on their way to a batch. */
export class MessageCounter implements MessageWriter {
  messages: number
  #out: MessageWriter | undefined

  constructor(messages: number) {
    this.messages = messages
  }

  /** This counter, writing to `out`. */
  to(out: MessageWriter): MessageWriter {
    this.#out = out
    return this
  }

  put(chunk: Uint8Array, from: number, to: number): number {
    return (this.#out as MessageWriter).put(chunk, from, to)
  }

  message(start: number, end: number, flags: number): void {
    this.messages++
    ;(this.#out as MessageWriter).message(start, end, flags)
  }
}
