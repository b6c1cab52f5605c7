interface Kind {
  readonly words: string
  readonly magic: Buffer
  readonly at?: number
  /** Text may begin so too: it is this only with control characters near by. */
  readonly binary?: boolean
}

/** Formats that would come out as garbage if they were read as lines, by their first bytes. */
const kinds: readonly Kind[] = [
  { words: 'a Parquet file', magic: latin1('PAR1'), binary: true },
  { words: 'an encrypted Parquet file', magic: latin1('PARE'), binary: true },
  { words: 'an ORC file', magic: latin1('ORC'), binary: true },
  { words: 'an Avro file', magic: latin1('Obj\x01') },
  { words: 'an Arrow file', magic: latin1('ARROW1\0') },
  { words: 'a zip archive', magic: latin1('PK\x03\x04') },
  { words: 'a zip archive', magic: latin1('PK\x05\x06') },
  { words: 'a tar archive', magic: latin1('ustar'), at: 257, binary: true },
  { words: 'a 7-Zip archive', magic: latin1('7z\xbc\xaf\x27\x1c') },
  { words: 'bzip2 data', magic: latin1('1AY&SY'), at: 4 },
  { words: 'xz data', magic: latin1('\xfd7zXZ\0') },
  { words: 'LZ4 data', magic: latin1('\x04\x22\x4d\x18') },
  { words: 'Snappy data', magic: latin1('\xff\x06\0\0sNaPpY') },
  { words: 'gzip data inside gzip or zstd data', magic: latin1('\x1f\x8b\x08') },
  { words: 'zstd data inside gzip or zstd data', magic: latin1('\x28\xb5\x2f\xfd') },
  { words: 'UTF-32 text', magic: latin1('\xff\xfe\0\0') },
  { words: 'UTF-32 text', magic: latin1('\0\0\xfe\xff') },
  { words: 'UTF-16 text', magic: latin1('\xff\xfe') },
  { words: 'UTF-16 text', magic: latin1('\xfe\xff') },
]

/** Letters of UTF-16 text without a byte order mark that are looked at. */
const utf16Letters = 8

/** `is a Parquet file, which is not read`; undefined when the object may be text. */
export function unreadableKind(head: Buffer): string | undefined {
  const kind = kinds.find(
    ({ magic, at = 0, binary }) => magic.equals(head.subarray(at, at + magic.length)) && !(binary && !hasControls(head)),
  )
  const words = kind?.words ?? (isUtf16(head) ? 'UTF-16 text' : undefined)
  return words === undefined ? undefined : `is ${words}, which is not read`
}

/** Bytes that are in every such file and not in text. A file of lines may hold NULs where a host crashed, and is read all the same. */
function hasControls(head: Buffer): boolean {
  return head.some((byte) => byte < 0x09)
}

/** Whether every other byte is zero, and none of the rest. */
function isUtf16(head: Buffer): boolean {
  if (head.length < 4) return false
  const zeroAt = head[0] === 0 ? 0 : 1
  const end = Math.min(head.length & ~1, utf16Letters * 2)
  for (let i = 0; i < end; i++) if ((head[i] === 0) !== (i % 2 === zeroAt)) return false
  return true
}

function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}
