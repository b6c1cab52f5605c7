import type { Seq } from '../core/batch.ts'

/**
 * Keys of the store. Batches have a prefix of their own so that a range of them can be deleted and compacted; numbers are
 * big-endian, so LevelDB's byte order is the order of the messages.
 */
const sinkEnd = '\0'

function numbered(prefix: string, seq: Seq): Buffer {
  const key = Buffer.alloc(Buffer.byteLength(prefix) + 8)
  key.write(prefix)
  key.writeBigUInt64BE(BigInt(seq), key.length - 8)
  return key
}

export const metaKey = Buffer.from('m')
/** Totals of the intake, written when drops change them between two batches; each batch carries them as well. */
export const intakeKey = Buffer.from('i')

export function batchKey(firstSeq: Seq): Buffer {
  return numbered('b', firstSeq)
}

/** Behind every batch. */
export const batchesEnd = Buffer.from('c')

export function isBatchKey(key: Buffer): boolean {
  return key[0] === 0x62 && key.length === 9
}

export function cursorKey(sink: string): Buffer {
  return Buffer.from(`c${sink}`)
}

export const cursorRange = { gte: Buffer.from('c'), lt: Buffer.from('d') }

export function deadLetterKey(sink: string, seq: Seq): Buffer {
  return numbered(`d${sink}${sinkEnd}`, seq)
}

/** Behind every dead letter of the sink: no Seq begins with 0xff. */
export function deadLettersEnd(sink: string): Buffer {
  return Buffer.concat([Buffer.from(`d${sink}${sinkEnd}`), Buffer.of(0xff)])
}

/** Where the dead letters of all sinks begin and end. */
export const firstDeadLetter = Buffer.from('d')
export const lettersEnd = Buffer.from('e')

/** The sink whose dead letter has this key. */
export function sinkOfLetterKey(key: Buffer): string {
  return key.toString('utf8', 1, key.length - 8 - sinkEnd.length)
}

export function deadLetterStatsKey(sink: string): Buffer {
  return Buffer.from(`D${sink}`)
}

/** Whether it is the key of one of the few records that say where the queue stands. */
export function isStateKey(key: Buffer): boolean {
  return !isBatchKey(key) && !isLetterKey(key)
}

/** Whether it is the key of a dead letter, or of what is held of them. */
export function isLetterKey(key: Buffer): boolean {
  return key[0] === 0x64 || key[0] === 0x44
}

/** Which number the next dead letter of the source gets: written with the checkpoint that passes the one before. */
export const sourceLettersKey = Buffer.from('l')

export function checkpointKey(key: string): Buffer {
  return Buffer.from(`k${key}`)
}

/** The number at the end of a batch's or dead letter's key. */
export function seqOfKey(key: Buffer): Seq {
  return key.length < 9 ? Number.NaN : Number(key.readBigUInt64BE(key.length - 8))
}
