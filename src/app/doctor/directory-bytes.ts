import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** Bytes of all files in and below a directory, as far as this user can see them, and until the signal aborts. Never rejects. */
export async function directoryBytes(directory: string, signal: AbortSignal): Promise<number> {
  let bytes = 0
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => [])
  for (const entry of entries) {
    if (signal.aborted) break
    const path = join(directory, entry.name)
    if (entry.isDirectory()) bytes += await directoryBytes(path, signal)
    // A segment that is done with goes at any moment.
    else if (entry.isFile())
      bytes += await stat(path).then(
        ({ size }) => size,
        () => 0,
      )
  }
  return bytes
}
