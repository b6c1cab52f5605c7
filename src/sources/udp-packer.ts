import { textEnd } from '../framing/datagram.ts'
import { nameWords, type ReceivedDatagrams } from '../native/receive-many.ts'
import { AF_INET, sockaddrWords } from '../native/sockaddr.ts'
import { blockBytesAt, blockHeader, runWords } from './udp-block.ts'
import type { RingWriter } from './udp-ring.ts'

/** Bytes of text that one record holds; it has to hold the longest datagram. */
export const packedBytes = 512 * 1024

/**
 * Packs datagrams from the slots in which the kernel left them into records of the ring. The texts come together in memory
 * of this thread first: copies into shared memory go byte by byte unless both sides are aligned alike, which one large copy can be.
 */
export class UdpPacker {
  readonly #received: ReceivedDatagrams
  readonly #ring: RingWriter
  readonly #offsets: Uint32Array
  readonly #runs: Uint32Array
  #datagrams = 0
  #runCount = 0
  #longest = 0
  #length = 0

  /** The spare memory behind the slots is `packedBytes` long. */
  constructor(received: ReceivedDatagrams, ring: RingWriter) {
    this.#received = received
    this.#ring = ring
    const slots = received.offsets.length
    this.#offsets = new Uint32Array(2 * slots)
    this.#runs = new Uint32Array(runWords * slots)
  }

  /** Packs datagrams from slot `first` on, those before slot `count`, and answers the first slot that did not fit. */
  pack(first: number, count: number): number {
    const { bytes, spareFrom, offsets } = this.#received
    this.#datagrams = 0
    this.#runCount = 0
    this.#longest = 0
    let length = 0
    let slot = first
    for (; slot < count; slot++) {
      const from = offsets[slot] as number
      const to = textEnd(bytes, from, from + this.#received.length(slot))
      if (length + to - from > packedBytes) break
      if (slot === first || !this.#sameSender(slot)) this.#beginRun(slot)
      bytes.copyWithin(spareFrom + length, from, to)
      this.#offsets[2 * this.#datagrams] = length
      length += to - from
      this.#offsets[2 * this.#datagrams + 1] = length
      if (to - from > this.#longest) this.#longest = to - from
      this.#datagrams++
    }
    this.#length = length
    return slot
  }

  /** Puts what was packed into the ring; false while there is no room. `commit` the ring afterwards. */
  put(socket: number, timeMs: number): boolean {
    const { words, floats, bytes } = this.#ring
    const bytesAt = blockBytesAt(this.#datagrams, this.#runCount)
    const record = this.#ring.reserve(bytesAt + this.#length)
    if (record < 0) return false
    const at = record / 4
    words[at + blockHeader.socket] = socket
    words[at + blockHeader.datagrams] = this.#datagrams
    words[at + blockHeader.runs] = this.#runCount
    floats[(at + blockHeader.time) / 2] = timeMs
    words[at + blockHeader.longest] = this.#longest
    words[at + blockHeader.bytes] = this.#length
    const offsetsAt = at + blockHeader.words
    for (let i = 0; i < 2 * this.#datagrams; i++) words[offsetsAt + i] = record + bytesAt + (this.#offsets[i] as number)
    const runsAt = offsetsAt + 2 * this.#datagrams
    for (let i = 0; i < runWords * this.#runCount; i++) words[runsAt + i] = this.#runs[i] as number
    const { bytes: slots, spareFrom } = this.#received
    bytes.set(slots.subarray(spareFrom, spareFrom + this.#length), record + bytesAt)
    return true
  }

  #sameSender(slot: number): boolean {
    const { names } = this.#received
    const now = nameWords * slot
    const before = now - nameWords
    const used = ((names[now] as number) & 0xffff) === AF_INET ? 2 : sockaddrWords
    for (let i = 0; i < used; i++) if (names[now + i] !== names[before + i]) return false
    return true
  }

  #beginRun(slot: number): void {
    const at = runWords * this.#runCount++
    this.#runs[at] = this.#datagrams
    for (let i = 0; i < sockaddrWords; i++) this.#runs[at + 1 + i] = this.#received.names[nameWords * slot + i] as number
  }
}
