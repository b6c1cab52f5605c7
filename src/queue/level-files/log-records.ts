import { maskedCrc32c } from './masked-crc32c.ts'

/** LevelDB's log format (doc/log_format.md): blocks of 32 KiB, records cut to fit, each piece with checksum, length and type. */
const blockSize = 32 * 1024
const headerSize = 7
const [full, first, middle, last] = [1, 2, 3, 4]

export interface LogRecords {
  /** Views of the file's memory. */
  readonly records: readonly Buffer[]
  /** `torn`: the file ends inside a record, as a kill may leave it. `damaged`: bytes are not what was written. */
  readonly end: 'whole' | 'torn' | 'damaged'
}

/**
 * Reads the records of a log or MANIFEST until its end or the first doubt. Takes over the file's memory: the pieces of a
 * record are moved together in it. `checksums: false` for content that has checksums of its own.
 */
export function readLogRecords(file: Buffer, { checksums = true } = {}): LogRecords {
  const records: Buffer[] = []
  /** Where the record under way begins, and how far it has come. */
  let begin: number | undefined
  let out = 0
  let at = 0
  while (at < file.length) {
    const left = blockSize - (at % blockSize)
    if (left < headerSize) {
      at += left // filled with zeros
      continue
    }
    if (at + headerSize > file.length) return { records, end: 'torn' }
    const length = file.readUInt16LE(at + 4)
    const type = file[at + 6] as number
    const end = at + headerSize + length
    if (headerSize + length > left) return { records, end: 'damaged' }
    if (end > file.length) return { records, end: 'torn' }
    if (checksums && file.readUInt32LE(at) !== maskedCrc32c(file.subarray(at + 6, end))) return { records, end: 'damaged' }
    const begins = type === full || type === first
    if (type < full || type > last || begins !== (begin === undefined)) return { records, end: 'damaged' }
    begin ??= out
    file.copyWithin(out, at + headerSize, end)
    out += length
    if (type === full || type === last) {
      records.push(file.subarray(begin, out))
      begin = undefined
    } else if (type !== middle && type !== first) return { records, end: 'damaged' }
    at = end
  }
  return { records, end: begin === undefined ? 'whole' : 'torn' }
}
