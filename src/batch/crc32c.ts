/**
 * CRC-32C (Castagnoli; RFC 4960, appendix B), which LevelDB's files and PROXY headers carry; zlib has only the other polynomial. Four bytes at a time: table k
 * has what a byte does when k more follow it.
 */
const tables = Array.from({ length: 4 }, () => new Uint32Array(256)) as [Uint32Array, Uint32Array, Uint32Array, Uint32Array]
for (let i = 0; i < 256; i++) {
  let crc = i
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  tables[0][i] = crc
}
for (const k of [1, 2, 3] as const) {
  for (let i = 0; i < 256; i++) {
    const before = (tables[(k - 1) as 0 | 1 | 2] as Uint32Array)[i] as number
    tables[k][i] = (tables[0][before & 0xff] as number) ^ (before >>> 8)
  }
}

export function crc32c(bytes: Uint8Array): number {
  const [t0, t1, t2, t3] = tables
  let crc = 0xffffffff
  let i = 0
  for (; i + 4 <= bytes.length; i += 4) {
    const a = (bytes[i] as number) ^ (crc & 0xff)
    const b = (bytes[i + 1] as number) ^ ((crc >>> 8) & 0xff)
    const c = (bytes[i + 2] as number) ^ ((crc >>> 16) & 0xff)
    const d = (bytes[i + 3] as number) ^ (crc >>> 24)
    crc = (t3[a] as number) ^ (t2[b] as number) ^ (t1[c] as number) ^ (t0[d] as number)
  }
  for (; i < bytes.length; i++) crc = (t0[(crc ^ (bytes[i] as number)) & 0xff] as number) ^ (crc >>> 8)
  return (crc ^ 0xffffffff) >>> 0
}
