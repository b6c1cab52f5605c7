import { JsonNesting } from './json-nesting.ts'

const quote = 0x22
const backslash = 0x5c
const colon = 0x3a
const openBrace = 0x7b
const openBracket = 0x5b
const closeBrace = 0x7d

const recordsKey = 'Records'

/** The members of a JSON document, in any number of chunks, up to the array `Records`. Other values are passed over. */
export class JsonMembers {
  /** What the last `read` stopped at: the inside of the array, the end of the document, or (undefined) the end of the chunk. */
  found: 'records' | 'end' | undefined
  hadRecords = false
  #inString = false
  #escaped = false
  /** The last string, as far as it matters. */
  #text = ''
  /** The string before the colon, while its value has not come. */
  #key: string | undefined
  /** A value that is being passed over. */
  #nested: JsonNesting | undefined

  /** A new document begins. */
  reset(): void {
    this.found = undefined
    this.hadRecords = false
    this.#key = undefined
    this.#text = ''
  }

  /** Goes on inside the array. */
  resume(): void {
    this.hadRecords = true
  }

  /** Returns the offset behind what it stopped at. */
  read(chunk: Buffer, from: number): number {
    this.found = undefined
    let at = from
    while (at < chunk.length && this.found === undefined) {
      if (this.#nested !== undefined) at = this.#pass(this.#nested, chunk, at)
      else if (this.#inString) this.#stringByte(chunk[at++] as number)
      else at = this.#structure(chunk, at)
    }
    return at
  }

  #structure(chunk: Buffer, at: number): number {
    const byte = chunk[at] as number
    if (byte === quote) {
      this.#inString = true
      this.#text = ''
    } else if (byte === colon) this.#key = this.#text
    else if (byte === closeBrace) this.found = 'end'
    else if (byte === openBracket && this.#key === recordsKey) {
      this.found = 'records'
      this.hadRecords = true
      this.#key = undefined
    } else if (byte === openBrace || byte === openBracket) {
      this.#nested = new JsonNesting()
      return at
    }
    return at + 1
  }

  #pass(nested: JsonNesting, chunk: Buffer, at: number): number {
    const end = nested.end(chunk, at)
    if (end === -1) return chunk.length
    this.#nested = undefined
    return end
  }

  #stringByte(byte: number): void {
    if (this.#escaped) this.#escaped = false
    else if (byte === backslash) this.#escaped = true
    else if (byte === quote) this.#inString = false
    else if (this.#text.length <= recordsKey.length) this.#text += String.fromCharCode(byte)
  }
}
