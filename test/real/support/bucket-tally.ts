import { createReadStream } from 'node:fs'
import type { BookedObject, BucketBook } from './bucket-book.ts'

/** How often each message of a book arrived at one place, by its number. */
export class BucketTally {
  readonly times: Uint8Array
  readonly #book: BucketBook

  constructor(book: BucketBook) {
    this.#book = book
    this.times = new Uint8Array(book.messages)
  }

  take(message: Buffer): void {
    const number = this.#book.numberOf(message)
    this.times[number] = Math.min(255, (this.times[number] as number) + 1)
  }

  /** Messages with a line feed behind each. */
  takeLines(bytes: Buffer): void {
    this.#takeWhole(bytes, (line) => this.take(line))
  }

  /** What a file sink wrote. Each kill may have left half a line, whose message is there once more if nothing was lost. */
  async takeFile(path: string, { kills = 0 } = {}): Promise<this> {
    let torn = 0
    const take = (line: Buffer) => {
      try {
        this.take(line)
      } catch (error) {
        torn++
        if (torn > kills) throw error
      }
    }
    let rest: Buffer = Buffer.alloc(0)
    for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) {
      rest = this.#takeWhole(rest.length === 0 ? chunk : Buffer.concat([rest, chunk]), take)
    }
    if (rest.length > 0) take(rest)
    return this
  }

  get distinct(): number {
    return this.times.reduce((sum, times) => sum + Number(times > 0), 0)
  }

  /** Arrivals beyond the first of each message. */
  get extra(): number {
    return this.times.reduce((sum, times) => sum + Math.max(0, times - 1), 0)
  }

  /** Returns what is behind the last line feed. */
  #takeWhole(bytes: Buffer, take: (line: Buffer) => void): Buffer {
    let at = 0
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, at)) {
      take(bytes.subarray(at, end))
      at = end + 1
    }
    return bytes.subarray(at)
  }
}

/** Throws unless every message of each whole object arrived at one of these places, and of each other object the beginning or nothing. */
export function checkNothingSkipped(book: BucketBook, tallies: readonly BucketTally[]): void {
  const arrived = (number: number) => tallies.some(({ times }) => (times[number] as number) > 0)
  for (const { key, first, count, whole } of book.objects) {
    const numbers = Array.from({ length: count }, (_, i) => first + i)
    const missing = numbers.filter((number) => !arrived(number))
    if (missing.length === 0) continue
    if (whole)
      throw new Error(
        `${missing.length} of ${count} messages of ${key} did not arrive, the first of them ${(missing[0] as number) - first}`,
      )
    // What came before the damage, without a gap.
    const end = numbers.findLast(arrived)
    if (end !== undefined && (missing[0] as number) < end)
      throw new Error(`of the damaged object ${key} messages in the middle are missing`)
  }
}

export interface Repeated {
  readonly object: BookedObject
  readonly messages: number
  readonly bytes: number
}

/** Objects of which messages arrived at more than one of these places. What arrived twice at one of them does not count. */
export function repeatedIn(book: BucketBook, tallies: readonly BucketTally[]): Repeated[] {
  return book.objects.flatMap((object) => {
    let messages = 0
    let bytes = 0
    for (let number = object.first; number < object.first + object.count; number++) {
      const places = tallies.filter(({ times }) => (times[number] as number) > 0).length
      if (places < 2) continue
      messages += places - 1
      bytes += (places - 1) * book.lengthOf(number)
    }
    return messages === 0 ? [] : [{ object, messages, bytes }]
  })
}
