import { marker, numberAt, numberDigits, readNumber, recordBytes } from './message-layout.ts'

/** What has arrived over all connections. */
export interface Counts {
  readonly arrived: number
  readonly distinct: number
  /** Lines without a number. */
  readonly malformed: number
}

// Numbers from 0 on, a bit each; the system gives the pages only when they are touched.
const capacity = 2 ** 30
const longestRecord = 8192
const lineFeed = 0x0a
const equalsSign = 0x3d

/** Counts every message by its number, exactly: how many came, and how many different ones. */
export class SeenNumbers implements Counts {
  readonly #bits = new Uint8Array(capacity / 8)
  arrived = 0
  distinct = 0
  malformed = 0

  add(number: number): void {
    if (number < 0 || number >= capacity) {
      this.malformed++
      return
    }
    this.arrived++
    const at = number >>> 3
    const bit = 1 << (number & 7)
    const bits = this.#bits[at] as number
    if ((bits & bit) !== 0) return
    this.#bits[at] = bits | bit
    this.distinct++
  }
}

/**
 * Counts the lines of one connection, without copying them: it looks where the last line's end and number were, and only where
 * they are not there (a relay that rewrites the header) looks for them.
 */
export class RecordCounter {
  readonly #seen: SeenNumbers
  readonly #held = Buffer.alloc(longestRecord)
  #heldBytes = 0
  #stride = recordBytes
  #numberAt = numberAt

  constructor(seen: SeenNumbers) {
    this.#seen = seen
  }

  push(chunk: Buffer): void {
    let at = this.#heldBytes === 0 ? 0 : this.#finishHeld(chunk)
    while (at < chunk.length) {
      const next = at + this.#stride
      if (next <= chunk.length && chunk[next - 1] === lineFeed && chunk[at + this.#numberAt - 1] === equalsSign) {
        this.#seen.add(readNumber(chunk, at + this.#numberAt))
        at = next
        continue
      }
      const feed = chunk.indexOf(lineFeed, at)
      if (feed < 0) break
      this.#countUnusual(chunk.subarray(at, feed + 1))
      at = feed + 1
    }
    if (at < chunk.length) this.#hold(chunk.subarray(at))
  }

  /** Completes the line that the last chunk began, and returns where the next begins. */
  #finishHeld(chunk: Buffer): number {
    const end = chunk.indexOf(lineFeed) + 1
    if (end === 0) {
      this.#hold(chunk)
      return chunk.length
    }
    this.#hold(chunk.subarray(0, end))
    const record = this.#held.subarray(0, this.#heldBytes)
    this.#heldBytes = 0
    this.#countUnusual(record)
    return end
  }

  /** A line at its end that was not where it was expected: the next ones are expected to be like this one. */
  #countUnusual(record: Buffer): void {
    const found = record.indexOf(marker, 0, 'latin1')
    const number = found < 0 || found + marker.length + numberDigits > record.length ? -1 : readNumber(record, found + marker.length)
    this.#seen.add(number)
    if (number < 0) return
    this.#stride = record.length
    this.#numberAt = found + marker.length
  }

  #hold(bytes: Buffer): void {
    if (this.#heldBytes + bytes.length > longestRecord) throw new Error(`a line of more than ${longestRecord} bytes arrived`)
    bytes.copy(this.#held, this.#heldBytes)
    this.#heldBytes += bytes.length
  }
}
