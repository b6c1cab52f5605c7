const maxCountDigits = 7

/** Takes the frames of octet counting (RFC 6587 3.4.1) out of one connection's bytes, strictly. Written apart from the relay's own framing, so that a mistake there cannot hide here. */
export class OctetReader {
  readonly #onMessage: (message: Buffer) => void
  #held: Buffer = Buffer.alloc(0)

  constructor(onMessage: (message: Buffer) => void) {
    this.#onMessage = onMessage
  }

  /** Throws where the bytes are not a count, a space and so many bytes. */
  push(chunk: Buffer): void {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    let at = 0
    for (;;) {
      const space = bytes.subarray(at, at + maxCountDigits + 1).indexOf(0x20)
      const count = bytes.toString('latin1', at, space < 0 ? Math.min(bytes.length, at + maxCountDigits + 1) : at + space)
      if (count !== '' && !/^[1-9]\d{0,6}$/.test(count)) {
        throw new Error(`the relay broke octet counting: ${JSON.stringify(bytes.toString('latin1', at, at + 60))}`)
      }
      const start = at + space + 1
      const end = start + Number(count)
      if (space < 0 || end > bytes.length) break
      this.#onMessage(bytes.subarray(start, end))
      at = end
    }
    this.#held = Buffer.from(bytes.subarray(at))
  }
}
