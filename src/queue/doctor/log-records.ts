import { maskedCrc32c } from './crc32c.ts'

/** LevelDB's log format (doc/log_format.md): blocks of 32 KiB, records cut to fit, each piece with checksum, length and type. */
const blockSize = 32 * 1024
const headerSize = 7
const [full, first, middle, last] = [1, 2, 3, 4]

export interface LogRecords {
  readonly records: Buffer[]
  /** `torn`: the file ends inside a record, as a kill may leave it. `damaged`: bytes are not what was written. */
  readonly end: 'whole' | 'torn' | 'damaged'
}

/** Reads the records of a log or MANIFEST until its end or the first doubt. */
export function readLogRecords(file: Buffer): LogRecords {
  const records: Buffer[] = []
  let pieces: Buffer[] | undefined
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
    if (file.readUInt32LE(at) !== maskedCrc32c(file.subarray(at + 6, end))) return { records, end: 'damaged' }
    const begins = type === full || type === first
    if (type < full || type > last || begins !== (pieces === undefined)) return { records, end: 'damaged' }
    pieces = [...(pieces ?? []), file.subarray(at + headerSize, end)]
    if (type === full || type === last) {
      records.push(Buffer.concat(pieces))
      pieces = undefined
    } else if (type !== first && type !== middle) return { records, end: 'damaged' }
    at = end
  }
  return { records, end: pieces === undefined ? 'whole' : 'torn' }
}
