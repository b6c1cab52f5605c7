/** What a MANIFEST says a store consists of: table files by number with their sizes, and the oldest log still needed. */
export interface LevelVersion {
  readonly tables: Map<number, number>
  readonly logNumber: number
}

const tag = {
  comparator: 1,
  logNumber: 2,
  nextFileNumber: 3,
  lastSequence: 4,
  compactPointer: 5,
  deletedFile: 6,
  newFile: 7,
  prevLogNumber: 9,
} as const

/** Plays the VersionEdits of a MANIFEST (db/version_edit.cc) one after the other; undefined when one makes no sense. */
export function readVersion(records: readonly Buffer[]): LevelVersion | undefined {
  const tables = new Map<number, number>()
  let logNumber: number | undefined
  try {
    for (const record of records) {
      const edit = new EditReader(record)
      while (!edit.atEnd) logNumber = readField(edit, tables) ?? logNumber
    }
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
  return logNumber === undefined ? undefined : { tables, logNumber }
}

/** Reads one field; returns the log number when it is one. */
function readField(edit: EditReader, tables: Map<number, number>): number | undefined {
  switch (edit.varint()) {
    case tag.comparator:
      edit.skipBytes()
      return undefined
    case tag.logNumber:
      return edit.varint()
    case tag.nextFileNumber:
    case tag.lastSequence:
    case tag.prevLogNumber:
      edit.varint()
      return undefined
    case tag.compactPointer:
      edit.varint()
      edit.skipBytes()
      return undefined
    case tag.deletedFile:
      edit.varint()
      tables.delete(edit.varint())
      return undefined
    case tag.newFile: {
      edit.varint()
      const number = edit.varint()
      tables.set(number, edit.varint())
      edit.skipBytes()
      edit.skipBytes()
      return undefined
    }
    default:
      throw new RangeError('unknown tag')
  }
}

/** Throws RangeError beyond the end. */
class EditReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  varint(): number {
    let value = 0
    for (let scale = 1; scale < 2 ** 64; scale *= 128) {
      const byte = this.#bytes.readUInt8(this.#at++)
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
    throw new RangeError('number too long')
  }

  skipBytes(): void {
    const length = this.varint() // first: it moves #at as well
    this.#at += length
    if (this.#at > this.#bytes.length) throw new RangeError('beyond the end')
  }
}
