import { LF, NUL } from './bytes.ts'

/**
 * Which bytes end a line where the configuration does not say. The first line of a connection decides: one that ends
 * with LF makes every NUL behind it a part of messages; one that ends with NUL lets both end a line, so that a wrong
 * guess costs no message. A NUL as second byte is no terminator but UTF-16 text, which is left to LF.
 */
export class Terminators {
  #decided: 'lf' | 'both' | undefined
  /** Next places in the current chunk, or its length where there is none: each is searched for once. */
  #lf = -1
  #nul = -1

  /** `lf`: nothing to decide. */
  constructor(decided?: 'lf') {
    this.#decided = decided
  }

  /** A chunk begins: places found in the last one mean nothing. */
  reset(): void {
    this.#lf = -1
    this.#nul = -1
  }

  /** Where the line that has `length` bytes before `chunk[at..)` ends, or -1. */
  find(chunk: Buffer, at: number, length: number): number {
    if (this.#lf < at) this.#lf = place(chunk, LF, at)
    if (this.#decided === 'lf') return this.#lf === chunk.length ? -1 : this.#lf
    if (this.#nul < at) this.#nul = place(chunk, NUL, at)
    if (this.#decided === undefined && this.#nul < this.#lf && length + this.#nul - at === 1) this.#decided = 'lf'
    const end = this.#decided === 'lf' ? this.#lf : Math.min(this.#lf, this.#nul)
    return end === chunk.length ? -1 : end
  }

  /** A line of `length` bytes ended with this byte. */
  used(terminator: number, length: number): void {
    if (this.#decided === undefined && length > 0) this.#decided = terminator === NUL ? 'both' : 'lf'
  }
}

function place(chunk: Buffer, byte: number, from: number): number {
  const found = chunk.indexOf(byte, from)
  return found === -1 ? chunk.length : found
}
