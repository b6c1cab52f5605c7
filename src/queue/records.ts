import { crc32 } from 'node:zlib'

/** Small records are JSON behind a CRC-32: LevelDB gives back a flipped byte without a word. */
export function encodeRecord(record: object): Buffer {
  const json = Buffer.from(JSON.stringify(record))
  const value = Buffer.allocUnsafe(4 + json.length)
  value.writeUInt32LE(crc32(json))
  value.set(json, 4)
  return value
}

/** The record, or undefined when it is missing or damaged. */
export function decodeRecord<T extends object>(value: Buffer | undefined): T | undefined {
  if (value === undefined || value.length < 6) return undefined
  const json = value.subarray(4)
  return crc32(json) === value.readUInt32LE(0) ? (JSON.parse(json.toString()) as T) : undefined
}
