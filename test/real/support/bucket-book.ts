import { crc32 } from 'node:zlib'
import type { BucketFormat } from './bucket-formats.ts'

/** An object's messages have the numbers from `first` on. */
export interface BookedObject {
  readonly key: string
  readonly first: number
  readonly count: number
  /** It can be read to its end. Of others the messages before the damage arrive. */
  readonly whole: boolean
}

export interface MessageShape {
  readonly count: number
  /** About so many bytes each. */
  readonly length?: number
  readonly whole?: boolean
}

const mark = 'msg-'
const digits = 7

/** Hexadecimal digits in no order that compression finds, the same in each run. */
const noise = Array.from({ length: 65_536 }, (_, i) => (Math.imul(i + 1, 2_654_435_761) >>> 0).toString(16).padStart(8, '0')).join('')

/** All messages that were put into a bucket: each has a number, which it bears, and is remembered by its length and CRC-32. */
export class BucketBook {
  readonly objects: BookedObject[] = []
  readonly #lengths: number[] = []
  readonly #checks: number[] = []

  get messages(): number {
    return this.#lengths.length
  }

  /** Messages of objects that can be read to their end. */
  get promised(): number {
    return this.objects.reduce((sum, { count, whole }) => sum + (whole ? count : 0), 0)
  }

  get broken(): readonly BookedObject[] {
    return this.objects.filter(({ whole }) => !whole)
  }

  /** New messages, which are an object's. */
  write(key: string, format: BucketFormat, { count, length = 0, whole = true }: MessageShape): string[] {
    const first = this.messages
    this.objects.push({ key, first, count, whole })
    return Array.from({ length: count }, (_, i) => {
      const number = first + i
      const message = format.message(mark + String(number).padStart(digits, '0'), filler(number, length))
      const bytes = Buffer.from(message)
      this.#lengths.push(bytes.length)
      this.#checks.push(crc32(bytes))
      return message
    })
  }

  lengthOf(number: number): number {
    return this.#lengths[number] as number
  }

  /** The number of a message that is in the book; throws where it is another one, or not as it was written. */
  numberOf(message: Buffer): number {
    const at = message.indexOf(mark)
    const number = at < 0 ? -1 : Number(message.toString('latin1', at + mark.length, at + mark.length + digits))
    const same = this.#lengths[number] === message.length && this.#checks[number] === crc32(message)
    if (!same) throw new Error(`a message arrived that nobody wrote so: ${JSON.stringify(message.toString('latin1', 0, 300))}`)
    return number
  }
}

function filler(number: number, length: number): string {
  const wanted = Math.max(0, length - 150)
  const start = Math.imul(number, 7919) % (noise.length - wanted)
  return noise.slice(start, start + wanted)
}
