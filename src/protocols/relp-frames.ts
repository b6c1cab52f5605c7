import { isDigit, LF, SPACE, ZERO } from '../framing/bytes.ts'

/** TXNR SP COMMAND SP DATALEN [SP DATA] LF (RELP 1, "RELP FRAME"). */
export interface RelpFrame {
  /** 0 is for hints, which are not answered. */
  readonly txnr: number
  readonly command: string
  /** A view, good until the callback returns; at most `maxDataBytes` of it. */
  readonly data: Buffer
  /** As announced; larger than `data.length` where it was cut. */
  readonly length: number
}

export interface RelpFrameReaderOptions {
  readonly maxDataBytes: number
  readonly onFrame: (frame: RelpFrame) => void
}

/** "TXNR montonically increases but is latched at 999,999,999. After that TXNR, the next TXNR is 1." */
export const maxTxnr = 999_999_999

/** NUMBER = 1*9DIGIT */
const maxDigits = 9
/** COMMAND = 1*32ALPHA */
const maxCommandBytes = 32
/** More is not kept between two frames. */
const keptBytes = 1024
const smallestBytes = 256

const nothing = Buffer.alloc(0)
/** Commands that come by the hundred thousand, with the space behind them. */
const common = ['syslog', 'rsp'].map((command) => ({ command, bytes: Buffer.from(`${command} `) }))

/** What comes next. */
const inTxnr = 0
const inCommand = 1
const inLength = 2
const inData = 3
const inTrailer = 4

const expected = ['a transaction number', 'a command', 'the length of the data', 'data', 'a line feed after the data'] as const

/**
 * Finds the frames in the chunks of one connection. Data that lies whole in a chunk is not copied; what is cut off is kept
 * until the rest comes, as far as `maxDataBytes`, and memory is taken only for what has come.
 */
export class RelpFrameReader {
  readonly #maxDataBytes: number
  readonly #onFrame: (frame: RelpFrame) => void
  #next = inTxnr
  #txnr = 0
  #command = ''
  /** Digits of the number, or bytes of the command, that came already. */
  #read = 0
  readonly #commandBytes = Buffer.alloc(maxCommandBytes)
  #length = 0
  /** Bytes of the data that came already, those beyond `maxDataBytes` included. */
  #dataRead = 0
  #held = nothing
  #failure: string | undefined

  constructor({ maxDataBytes, onFrame }: RelpFrameReaderOptions) {
    this.#maxDataBytes = maxDataBytes
    this.#onFrame = onFrame
  }

  /** Nothing of an unfinished frame is held. */
  get atBoundary(): boolean {
    return this.#next === inTxnr && this.#read === 0
  }

  /** Answers why the bytes are no RELP, after which nothing more is read; undefined when all is well. */
  push(chunk: Buffer): string | undefined {
    for (let at = 0; at < chunk.length && this.#failure === undefined; ) at = this.#step(chunk, at)
    return this.#failure
  }

  /** Reads one part of a frame, as far as the chunk goes, and answers where the next begins. */
  #step(chunk: Buffer, at: number): number {
    if (this.#next === inTxnr) return this.#readTxnr(chunk, at)
    if (this.#next === inCommand) return this.#readCommand(chunk, at)
    if (this.#next === inLength) return this.#readLength(chunk, at)
    if (this.#next === inData) return this.#readData(chunk, at)
    if (chunk[at] !== LF) return this.#fail(chunk, at)
    return this.#finish(this.#held.subarray(0, Math.min(this.#length, this.#maxDataBytes)), at + 1)
  }

  #readTxnr(chunk: Buffer, from: number): number {
    let at = from
    for (; at < chunk.length; at++) {
      const byte = chunk[at] as number
      if (byte === SPACE && this.#read > 0) return this.#go(inCommand, at + 1)
      if (!isDigit(byte) || this.#read === maxDigits) return this.#fail(chunk, at)
      this.#txnr = this.#txnr * 10 + byte - ZERO
      this.#read++
    }
    return at
  }

  #readCommand(chunk: Buffer, from: number): number {
    for (const { command, bytes } of common) {
      if (this.#read > 0 || !liesAt(chunk, from, bytes)) continue
      this.#command = command
      return this.#go(inLength, from + bytes.length)
    }
    let at = from
    for (; at < chunk.length; at++) {
      const byte = chunk[at] as number
      if (byte === SPACE && this.#read > 0) {
        this.#command = this.#commandBytes.toString('latin1', 0, this.#read)
        return this.#go(inLength, at + 1)
      }
      if (!isAlphanumeric(byte) || this.#read === maxCommandBytes) return this.#fail(chunk, at)
      this.#commandBytes[this.#read++] = byte
    }
    return at
  }

  #readLength(chunk: Buffer, from: number): number {
    let at = from
    for (; at < chunk.length; at++) {
      const byte = chunk[at] as number
      if (this.#read > 0) {
        // "If DATALEN is 0, no data is present": nor is the space before it, though some write it.
        if (byte === SPACE) return this.#go(this.#length === 0 ? inTrailer : inData, at + 1)
        if (byte === LF && this.#length === 0) return this.#finish(nothing, at + 1)
      }
      if (!isDigit(byte) || this.#read === maxDigits) return this.#fail(chunk, at)
      this.#length = this.#length * 10 + byte - ZERO
      this.#read++
    }
    return at
  }

  #readData(chunk: Buffer, at: number): number {
    const end = at + this.#length - this.#dataRead
    if (this.#dataRead === 0 && chunk[end] === LF) return this.#finish(chunk.subarray(at, Math.min(end, at + this.#maxDataBytes)), end + 1)
    const to = Math.min(end, chunk.length)
    this.#hold(chunk, at, to)
    return to === end ? this.#go(inTrailer, to) : to
  }

  #hold(chunk: Buffer, from: number, to: number): void {
    const held = Math.min(this.#dataRead, this.#maxDataBytes)
    const length = Math.min(this.#dataRead + to - from, this.#maxDataBytes)
    if (length > this.#held.length) {
      const most = Math.min(this.#length, this.#maxDataBytes)
      const grown = Buffer.allocUnsafeSlow(Math.max(length, Math.min(most, Math.max(smallestBytes, 2 * this.#held.length))))
      this.#held.copy(grown, 0, 0, held)
      this.#held = grown
    }
    chunk.copy(this.#held, held, from, from + length - held)
    this.#dataRead += to - from
  }

  #go(next: number, at: number): number {
    this.#next = next
    this.#read = 0
    return at
  }

  #finish(data: Buffer, at: number): number {
    const frame = { txnr: this.#txnr, command: this.#command, data, length: this.#length }
    this.#txnr = 0
    this.#length = 0
    this.#dataRead = 0
    this.#go(inTxnr, at)
    this.#onFrame(frame)
    if (this.#held.length > keptBytes) this.#held = nothing
    return at
  }

  #fail(chunk: Buffer, at: number): number {
    const found = JSON.stringify(chunk.toString('latin1', at, at + 16))
    this.#failure = `${expected[this.#next]} was expected where ${found} came`
    this.#held = nothing
    return chunk.length
  }
}

function liesAt(chunk: Buffer, at: number, bytes: Buffer): boolean {
  for (let i = 0; i < bytes.length; i++) if (chunk[at + i] !== bytes[i]) return false
  return true
}

/** Digits are not in the specification, but nothing is gained by refusing them. */
function isAlphanumeric(byte: number): boolean {
  const lower = byte | 0x20
  return (lower >= 0x61 && lower <= 0x7a) || isDigit(byte)
}

/** One frame, for commands that are few. */
export function relpFrame(txnr: number, command: string, data: string | Buffer = nothing): Buffer {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data
  const header = `${txnr} ${command} ${bytes.length}`
  return bytes.length === 0 ? Buffer.from(`${header}\n`) : Buffer.concat([Buffer.from(`${header} `), bytes, Buffer.from('\n')])
}

/** The transaction number after this one. */
export function nextTxnr(txnr: number): number {
  return txnr === maxTxnr ? 1 : txnr + 1
}
