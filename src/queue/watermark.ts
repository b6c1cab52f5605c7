import { open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { IntakeTotals } from '../batch/batch-codec.ts'
import type { Seq } from '../core/batch.ts'
import type { CursorRecord } from './sink-cursor.ts'

/** Where a queue ends: the next number, bytes stored in all, and what the intake counted up to there. */
export interface Head {
  readonly nextSeq: Seq
  readonly position: number
  readonly intake: IntakeTotals
}

/**
 * How far the queue had come about a second ago, kept outside LevelDB: what the store holds less after damage is known to
 * be gone, numbers are not given twice, and the ledger goes on counting even when the store is lost.
 */
export interface Watermark {
  readonly queueId: string
  readonly head: Head
  readonly cursors: Readonly<Record<string, CursorRecord>>
  /** Numbers behind the head may have been given and sent, by a queue that keeps messages in memory first. */
  readonly ahead?: boolean
}

const fileName = 'watermark.json'

/** The watermark beside the store's files, or undefined when it is missing or damaged. */
export async function readWatermark(directory: string): Promise<Watermark | undefined> {
  const text = await readFile(join(directory, fileName), 'utf8').catch(() => '')
  const [checksum, json] = text.split('\n')
  if (json === undefined || checksum !== crc32(json).toString(16)) return undefined
  return JSON.parse(json) as Watermark
}

/** Replaces it as a whole. Rejects when the disk does not take it. */
export async function writeWatermark(directory: string, watermark: Watermark): Promise<void> {
  const json = JSON.stringify(watermark)
  const temporary = join(directory, `${fileName}.new`)
  const file = await open(temporary, 'w', 0o600)
  try {
    await file.writeFile(`${crc32(json).toString(16)}\n${json}\n`)
    await file.datasync()
  } finally {
    await file.close()
  }
  await rename(temporary, join(directory, fileName))
}
