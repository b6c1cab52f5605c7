import { type Dirent, lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Bytes on disk of all files below a directory: what is allocated, or what they hold where that is more. */
export function diskUse(directory: string): number {
  let bytes = 0
  for (const entry of entriesOf(directory)) {
    const path = join(directory, entry.name)
    // The relay deletes files while we look.
    const stat = entry.isDirectory() ? undefined : lstatSync(path, { throwIfNoEntry: false })
    bytes += entry.isDirectory() ? diskUse(path) : Math.max(stat?.size ?? 0, (stat?.blocks ?? 0) * 512)
  }
  return bytes
}

/** None of a directory that went meanwhile. */
function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
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
