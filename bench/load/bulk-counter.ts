import { marker, numberDigits, readNumber } from './message-layout.ts'
import type { SeenNumbers } from './record-counter.ts'

const lineFeed = 0x0a
const equalsSign = 0x3d

/**
 * Counts the documents of `_bulk` bodies by the numbers of their messages. A document is two lines, what to do and the document itself; as long as
 * each is like the last, only their ends and the number are looked at.
 */
export class BulkCounter {
  readonly #seen: SeenNumbers
  #actionBytes = 1
  #stride = 2
  #numberAt = 1

  constructor(seen: SeenNumbers) {
    this.#seen = seen
  }

  /** Counts a whole body, and returns how many documents it has. Throws where it is none. */
  count(body: Buffer): number {
    let documents = 0
    for (let at = 0; at < body.length; documents++) {
      const next = at + this.#stride
      const asLast =
        next <= body.length &&
        body[at + this.#actionBytes - 1] === lineFeed &&
        body[at + this.#numberAt - 1] === equalsSign &&
        body[next - 1] === lineFeed
      if (!asLast) this.#measure(body, at)
      this.#seen.add(readNumber(body, at + this.#numberAt))
      at += this.#stride
    }
    return documents
  }

  /** The document that begins here is unlike the last: where its lines end, and where its number is. */
  #measure(body: Buffer, at: number): void {
    const action = body.indexOf(lineFeed, at) + 1
    const end = action === 0 ? 0 : body.indexOf(lineFeed, action) + 1
    if (end === 0) throw new Error(`a body of _bulk ends within a document: ${body.subarray(at, at + 200)}`)
    const found = body.subarray(action, end).indexOf(marker, 0, 'latin1')
    this.#actionBytes = action - at
    this.#stride = end - at
    // Where there is none, the first line has no digits either.
    this.#numberAt = found < 0 || action + found + marker.length + numberDigits > end ? 0 : action - at + found + marker.length
  }
}
