import { crc32c } from '../../batch/crc32c.ts'

/** LevelDB stores checksums rotated and shifted, so that a checksum of data that holds checksums stays a good one (util/crc32c.h). */
export function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes)
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}
