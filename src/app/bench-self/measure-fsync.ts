import { randomBytes } from 'node:crypto'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Measurement } from '../../planning/sizing-measurement.ts'

/** About what one commit of a busy queue writes. */
const appendBytes = 256 * 1024
/** Then comes the next file, as a queue goes on to its next segment: appends to a new file cost more than writing over an old one. */
const appendsPerFile = 32

/** Appends and syncs (fdatasync) in `directory`, one after the other, for so long. Leaves nothing behind. Rejects when the signal aborts. */
export async function measureFsync(directory: string, seconds: number, signal: AbortSignal): Promise<Measurement['fsync']> {
  // What cannot be compressed: some disks and file systems do.
  const bytes = randomBytes(appendBytes)
  const timesMs: number[] = []
  const end = performance.now() + seconds * 1000
  for (let number = 0; number === 0 || performance.now() < end; number++) {
    const path = join(directory, `fsync-${number}`)
    const file = await open(path, 'wx')
    try {
      for (let i = 0; i < appendsPerFile && (i === 0 || performance.now() < end); i++) {
        signal.throwIfAborted()
        timesMs.push(await timedAppend(file, bytes))
      }
    } finally {
      await file.close()
      await unlink(path)
    }
  }
  const sorted = timesMs.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] as number
  const sumMs = sorted.reduce((sum, time) => sum + time, 0)
  return { bytes: appendBytes, perSecond: (1000 * sorted.length) / sumMs, medianMs: at(0.5), p99Ms: at(0.99) }
}

async function timedAppend(file: FileHandle, bytes: Buffer): Promise<number> {
  const began = performance.now()
  await file.appendFile(bytes)
  await file.datasync()
  return performance.now() - began
}
