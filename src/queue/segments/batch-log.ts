import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { BufferPool } from '../../batch/buffer-pool.ts'
import { isBatchKey } from '../keys.ts'
import { readLogRecords } from '../level-files/log-records.ts'
import type { EntryIterator, IteratorOptions } from '../leveldb.ts'

/** Before the operations of a LevelDB write (write_batch.cc): a sequence number of eight bytes, a count of four. */
const writeHeader = 12
const put = 1
/** One for each sink that is behind, used again for the next segment. */
const memories = new BufferPool(2, 32 * 2 ** 20)

/**
 * Batches of a segment that was closed before LevelDB wrote a table: all of them are in its log, in order. Read here,
 * because LevelDB would first write them to a table and sync it, of which a segment that is read once has no use.
 */
export class BatchLog {
  readonly #memory: Buffer
  readonly #entries: readonly [Buffer, Buffer][]

  private constructor(memory: Buffer, entries: readonly [Buffer, Buffer][]) {
    this.#memory = memory
    this.#entries = entries
  }

  /** Undefined where only LevelDB can say what there is: tables, several logs, the least doubt. Batches have checksums of their own. */
  static async read(directory: string): Promise<BatchLog | undefined> {
    const files = (await readdir(directory)).filter((name) => /\.(log|ldb)$/.test(name))
    const [name] = files
    if (name === undefined || files.length > 1 || !name.endsWith('.log')) return undefined
    const memory = await readWhole(join(directory, name))
    const entries = batchesOf(memory.bytes)
    if (entries !== undefined) return new BatchLog(memory.buffer, entries)
    memories.give(memory.buffer)
    return undefined
  }

  /** Nobody may use what was read any more. */
  close(): void {
    memories.give(this.#memory)
  }

  get first(): Buffer | undefined {
    return this.#entries[0]?.[0]
  }

  get last(): Buffer | undefined {
    return this.#entries.at(-1)?.[0]
  }

  iterator({ gte, lt, reverse = false, limit = Number.POSITIVE_INFINITY }: IteratorOptions): EntryIterator {
    const found = this.#entries.filter(([key]) => key.compare(gte) >= 0 && key.compare(lt) < 0)
    if (reverse) found.reverse()
    let at = 0
    const nextv = async (size: number) => {
      const entries = found.slice(at, Math.min(at + size, limit))
      at += entries.length
      return entries
    }
    return {
      nextv,
      close: async () => undefined,
      async *[Symbol.asyncIterator]() {
        for (let entries = await nextv(1); entries.length > 0; entries = await nextv(1)) yield* entries
      },
    }
  }
}

async function readWhole(path: string): Promise<{ buffer: Buffer; bytes: Buffer }> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const buffer = memories.take(size)
    const { bytesRead } = await file.read(buffer, 0, size, 0)
    return { buffer, bytes: buffer.subarray(0, bytesRead) }
  } finally {
    await file.close()
  }
}

function batchesOf(file: Buffer): [Buffer, Buffer][] | undefined {
  const { records, end } = readLogRecords(file, { checksums: false })
  const entries: [Buffer, Buffer][] = []
  return end === 'whole' && records.every((record) => readWrite(record, entries)) ? entries : undefined
}

/** Adds the batches of one write; false where its bytes make no sense. */
function readWrite(write: Buffer, entries: [Buffer, Buffer][]): boolean {
  const reader = new Reader(write, writeHeader)
  while (reader.at < write.length) {
    const type = write[reader.at++]
    const key = reader.slice()
    const value = type === put ? reader.slice() : undefined
    if (key === undefined || (type === put && value === undefined)) return false
    if (value !== undefined && isBatchKey(key)) entries.push([key, value])
  }
  return reader.at === write.length
}

class Reader {
  at: number
  readonly #bytes: Buffer

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes
    this.at = at
  }

  /** A slice behind its length, seven bits a byte, lowest first (util/coding.cc). */
  slice(): Buffer | undefined {
    let length = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes[this.at++]
      if (byte === undefined) return undefined
      length += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) {
        const begin = this.at
        this.at += length
        return this.at <= this.#bytes.length ? this.#bytes.subarray(begin, this.at) : undefined
      }
    }
    return undefined
  }
}
