/** Records lie at multiples of it, so that any array type may view them. */
const unitBytes = 8
// Words of the control block. Positions are counted in units; both sides look at them only through Atomics, which order the records' bytes as well.
const headWord = 0
const tailWord = 1
const readerIdleWord = 2
const writerWaitsWord = 3
const controlBytes = 64
/** In place of a record's length: nothing follows before the end, go on at the beginning. */
const wrapped = 0

/** Memory for a ring of records, one thread writing and one reading. No record may be longer than half of it. */
export function newRing(bytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(controlBytes + Math.floor(bytes / unitBytes) * unitBytes)
}

/** What both sides see of the ring. Offsets are in bytes of `bytes`. */
class Ring {
  readonly bytes: Uint8Array
  readonly words: Uint32Array
  readonly floats: Float64Array
  protected readonly control: Int32Array
  protected readonly units: number

  constructor(memory: SharedArrayBuffer) {
    this.control = new Int32Array(memory, 0, controlBytes / 4)
    this.bytes = new Uint8Array(memory, controlBytes)
    this.words = new Uint32Array(memory, controlBytes)
    this.floats = new Float64Array(memory, controlBytes)
    this.units = this.bytes.length / unitBytes
  }
}

/** The side that writes. The first word of each record is the writer's: its length. */
export class RingWriter extends Ring {
  #reserved = 0

  /** Where `bytes` bytes in one piece may be written, their first word excepted; -1 while the reader is too far behind. */
  reserve(bytes: number): number {
    const units = Math.ceil(bytes / unitBytes)
    let head = Atomics.load(this.control, headWord)
    const tail = Atomics.load(this.control, tailWord)
    // Head may not reach tail from behind: equal means empty.
    if (head >= tail && this.units - head < units + (tail === 0 ? 1 : 0)) {
      if (tail <= units) return -1
      this.words[(head * unitBytes) / 4] = wrapped
      head = 0
    } else if (head < tail && tail - head <= units) return -1
    this.words[(head * unitBytes) / 4] = units
    this.#reserved = head + units
    return head * unitBytes
  }

  /** Hands over what was reserved last. True: the reader sleeps, and has to be told. */
  commit(): boolean {
    Atomics.store(this.control, headWord, this.#reserved === this.units ? 0 : this.#reserved)
    return Atomics.exchange(this.control, readerIdleWord, 0) === 1
  }

  /** The reader shall ring when it has made room. To be called before the last try to reserve. */
  announceWait(): void {
    Atomics.store(this.control, writerWaitsWord, 1)
  }
}

/** The side that reads. */
export class RingReader extends Ring {
  /** Where the oldest record is; -1 when there is none. */
  next(): number {
    const head = Atomics.load(this.control, headWord)
    let tail = Atomics.load(this.control, tailWord)
    if (head === tail) return -1
    if (this.words[(tail * unitBytes) / 4] === wrapped) {
      tail = 0
      Atomics.store(this.control, tailWord, tail)
    }
    return tail * unitBytes
  }

  /** Gives the oldest record's memory back. True: the writer waits for room, and has to be told. */
  release(): boolean {
    const tail = Atomics.load(this.control, tailWord)
    const next = tail + (this.words[(tail * unitBytes) / 4] as number)
    Atomics.store(this.control, tailWord, next === this.units ? 0 : next)
    return Atomics.exchange(this.control, writerWaitsWord, 0) === 1
  }

  /** The writer shall tell of its next record. To be called before the last look. */
  announceIdle(): void {
    Atomics.store(this.control, readerIdleWord, 1)
  }
}
