import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** What LevelDB itself may need beside the batches while it compacts: two write buffers and the files being merged. */
export const levelDbWorkBytes = 8 * 2 ** 20

/** Bytes on disk of all files below a directory: what is allocated, or what they hold where that is more. */
export function diskUse(directory: string): number {
  let bytes = 0
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name)
    // LevelDB deletes files while we look.
    const stat = entry.isDirectory() ? undefined : lstatSync(path, { throwIfNoEntry: false })
    bytes += entry.isDirectory() ? diskUse(path) : Math.max(stat?.size ?? 0, (stat?.blocks ?? 0) * 512)
  }
  return bytes
}

/** Looks again and again until the work is done; resolves with the most that there was. */
export async function mostDiskUse(directory: string, work: Promise<unknown>): Promise<number> {
  let most = diskUse(directory)
  const timer = setInterval(() => {
    most = Math.max(most, diskUse(directory))
  }, 10)
  try {
    await work
  } finally {
    clearInterval(timer)
  }
  return Math.max(most, diskUse(directory))
}
