const quote = 0x22
const backslash = 0x5c

/** Follows one JSON object or array (RFC 8259) to its end, in any number of chunks. Only strings and brackets are looked at. */
export class JsonNesting {
  #depth = 0
  #inString = false
  #escaped = false

  /** The offset behind the value, or -1 when it goes on in the next chunk. A value begins at its first bracket. */
  end(chunk: Uint8Array, from: number): number {
    let depth = this.#depth
    let inString = this.#inString
    let escaped = this.#escaped
    const length = chunk.length
    for (let i = from; i < length; i++) {
      const byte = chunk[i] as number
      if (inString) {
        if (escaped) escaped = false
        else if (byte === quote) inString = false
        else if (byte === backslash) escaped = true
      } else if (byte === quote) inString = true
      else if (isOpening(byte)) depth++
      else if (isClosing(byte) && --depth === 0) {
        this.#depth = 0
        this.#inString = false
        this.#escaped = false
        return i + 1
      }
    }
    this.#depth = depth
    this.#inString = inString
    this.#escaped = escaped
    return -1
  }
}

/** `{` or `[`, which differ in one bit. */
function isOpening(byte: number): boolean {
  return (byte | 0x20) === 0x7b
}

function isClosing(byte: number): boolean {
  return (byte | 0x20) === 0x7d
}
