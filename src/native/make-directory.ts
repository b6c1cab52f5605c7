import { mkdirSync, statSync } from 'node:fs'
import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Makes a directory and those above it that are missing; one that is there is left as it is. Rejects as mkdir does.
 *
 * In place of mkdir's own `recursive`, which never ends where the kernel answers ENOENT inside a directory that is there: a bind
 * mount whose directory was removed, autofs, /proc.
 */
export async function makeDirectory(path: string, mode = 0o777): Promise<void> {
  try {
    await makeOne(path, mode)
  } catch (error) {
    const above = dirname(path)
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || above === path) throw error
    await makeDirectory(above, mode)
    await makeOne(path, mode)
  }
}

async function makeOne(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, mode)
  } catch (error) {
    const isDirectory = await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    )
    if (!isDirectory) throw error
  }
}

/** The same at once, for what has to be there before anything else runs. */
export function makeDirectorySync(path: string, mode: number): void {
  try {
    makeOneSync(path, mode)
  } catch (error) {
    const above = dirname(path)
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || above === path) throw error
    makeDirectorySync(above, mode)
    makeOneSync(path, mode)
  }
}

/** Another process may make the same at the same time. */
function makeOneSync(path: string, mode: number): void {
  try {
    mkdirSync(path, mode)
  } catch (error) {
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error
  }
}
