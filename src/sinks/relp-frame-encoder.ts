import { nextTxnr } from '../protocols/relp-frames.ts'
import { countLength, type Frames, putCount } from './frames.ts'

const command = Buffer.from('syslog ')
const lineFeed = 0x0a

/** Messages as RELP's `syslog` frames, TXNR SP "syslog" SP DATALEN SP DATA LF, their transaction numbers ascending. */
export class RelpFrameEncoder implements Frames {
  readonly addedBytes = 24
  #txnr: number

  constructor(firstTxnr: number) {
    this.#txnr = firstTxnr
  }

  put(out: Buffer, at: number, source: Buffer, from: number, to: number): number {
    const octets = to - from
    const end = at + this.longest(octets)
    if (end > out.length) return -1
    let next = putCount(out, at, this.#txnr)
    next += command.copy(out, next)
    source.copy(out, putCount(out, next, octets), from, to)
    out[end - 1] = lineFeed
    this.#txnr = nextTxnr(this.#txnr)
    return end
  }

  /** Of the next one. */
  longest(octets: number): number {
    return countLength(this.#txnr) + command.length + countLength(octets) + octets + 1
  }
}
