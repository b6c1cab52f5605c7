import { maxTxnr } from '../protocols/relp-frames.ts'

/** Entries behind which the list is cut off now and then. */
const cutEvery = 1024

/** Frames that were written together, with consecutive transaction numbers. */
export class WrittenFrames {
  readonly frames: number
  readonly bytes: number
  readonly settled: () => void
  /** Of the first, as the window counts them. */
  readonly first: number
  /** Acknowledged from the first on. */
  #inOrder = 0
  /** One for each frame, from the first acknowledgement that overtook another. */
  #marks: Uint8Array | undefined
  #acknowledged = 0

  constructor(first: number, { frames, bytes, settled }: Pick<WrittenFrames, 'frames' | 'bytes' | 'settled'>) {
    this.first = first
    this.frames = frames
    this.bytes = bytes
    this.settled = settled
  }

  get done(): boolean {
    return this.#acknowledged === this.frames
  }

  has(frame: number): boolean {
    return frame < this.#inOrder || this.#marks?.[frame] === 1
  }

  /** False when it was acknowledged already. */
  acknowledge(frame: number): boolean {
    if (this.has(frame)) return false
    this.#acknowledged++
    if (frame === this.#inOrder && this.#marks === undefined) {
      this.#inOrder++
      return true
    }
    this.#marks ??= new Uint8Array(this.frames)
    this.#marks[frame] = 1
    return true
  }
}

/**
 * What was written to one RELP connection and is not acknowledged. Frames are counted from 0 on; transaction numbers are
 * that count plus one, begun anew after 999,999,999. Pure: it is told what was written and what came.
 */
export class RelpWindow {
  /** In the order written; before `#head` they are done. */
  #written: WrittenFrames[] = []
  #head = 0
  #next: number
  #bytes = 0

  constructor(next = 0) {
    this.#next = next
  }

  /** Written and not acknowledged; what was written together counts until all of it is. */
  get bytes(): number {
    return this.#bytes
  }

  get empty(): boolean {
    return this.#head === this.#written.length
  }

  /** Of the next frame. */
  get nextTxnr(): number {
    return txnrOf(this.#next)
  }

  /** The transaction number for a command that is not a message. */
  takeTxnr(): number {
    return txnrOf(this.#next++)
  }

  /** `settled` is called when all of these frames are acknowledged. */
  add(written: Pick<WrittenFrames, 'frames' | 'bytes' | 'settled'>): WrittenFrames {
    const entry = new WrittenFrames(this.#next, written)
    this.#next += entry.frames
    this.#bytes += entry.bytes
    this.#written.push(entry)
    return entry
  }

  /** False when no frame of this number waits for an acknowledgement. */
  acknowledge(txnr: number): boolean {
    const oldest = this.#written[this.#head]
    if (oldest === undefined || txnr < 1) return false
    const count = oldest.first + ((txnr - txnrOf(oldest.first) + maxTxnr) % maxTxnr)
    const entry = count < oldest.first + oldest.frames ? oldest : this.#find(count)
    if (entry === undefined || !entry.acknowledge(count - entry.first)) return false
    if (entry.done) this.#settle(entry)
    return true
  }

  /** The last that begins at this count or before it, if it reaches so far. */
  #find(count: number): WrittenFrames | undefined {
    let from = this.#head
    let to = this.#written.length
    while (to - from > 1) {
      const middle = (from + to) >>> 1
      if ((this.#written[middle] as WrittenFrames).first <= count) from = middle
      else to = middle
    }
    const entry = this.#written[from] as WrittenFrames
    return count < entry.first + entry.frames ? entry : undefined
  }

  #settle(entry: WrittenFrames): void {
    this.#bytes -= entry.bytes
    while (this.#written[this.#head]?.done) this.#head++
    if (this.#head >= cutEvery && this.#head * 2 > this.#written.length) {
      this.#written = this.#written.slice(this.#head)
      this.#head = 0
    }
    entry.settled()
  }
}

function txnrOf(count: number): number {
  return (count % maxTxnr) + 1
}
