import { sockaddrWords } from '../native/sockaddr.ts'
import type { RingReader } from './udp-ring.ts'

/**
 * A record of the ring: the datagrams of one socket that one recvmmsg(2) took. 32-bit words: what the header says, then start
 * and end of each text, then the runs (first datagram, struct sockaddr of its sender), then the bytes.
 */
export const blockHeader = { socket: 1, datagrams: 2, runs: 3, time: 4, longest: 6, bytes: 7, words: 8 } as const
export const runWords = 1 + sockaddrWords

/** Where the bytes begin, counted from the beginning of the record. */
export function blockBytesAt(datagrams: number, runs: number): number {
  return Math.ceil((blockHeader.words + 2 * datagrams + runWords * runs) / 2) * 8
}

/** Datagrams of one socket as they lie in the ring: valid until the next ones are looked at. */
export class DatagramBlock {
  readonly #ring: RingReader
  /** In words. */
  #at = 0

  constructor(ring: RingReader) {
    this.#ring = ring
  }

  /** Looks at the record that begins at this offset. */
  show(offset: number): this {
    this.#at = offset / 4
    return this
  }

  get socket(): number {
    return this.#word(blockHeader.socket)
  }

  get datagrams(): number {
    return this.#word(blockHeader.datagrams)
  }

  /** When they were received, in milliseconds since the epoch. */
  get timeMs(): number {
    return this.#ring.floats[(this.#at + blockHeader.time) / 2] as number
  }

  /** Length of the longest text. */
  get longest(): number {
    return this.#word(blockHeader.longest)
  }

  /** What the offsets below count in. */
  get memory(): Uint8Array {
    return this.#ring.bytes
  }

  /** The texts lie in `memory[from, to)`. */
  get from(): number {
    return 4 * this.#at + blockBytesAt(this.datagrams, this.runs)
  }

  get to(): number {
    return this.from + this.#word(blockHeader.bytes)
  }

  /** Text i is `memory[start(i), end(i))`, without the terminators at its end. */
  start(i: number): number {
    return this.#word(blockHeader.words + 2 * i)
  }

  end(i: number): number {
    return this.#word(blockHeader.words + 2 * i + 1)
  }

  /** Consecutive datagrams of one sender. */
  get runs(): number {
    return this.#word(blockHeader.runs)
  }

  /** The first datagram of a run; of the run behind the last one, the number of datagrams. */
  runStart(run: number): number {
    return run === this.runs ? this.datagrams : this.#word(this.#runAt(run))
  }

  /** The words of the sender's struct sockaddr. */
  sockaddr(run: number): Uint32Array {
    const at = this.#at + this.#runAt(run) + 1
    return this.#ring.words.subarray(at, at + sockaddrWords)
  }

  #runAt(run: number): number {
    return blockHeader.words + 2 * this.datagrams + run * runWords
  }

  #word(i: number): number {
    return this.#ring.words[this.#at + i] as number
  }
}
