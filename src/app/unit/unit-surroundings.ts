import { stat } from 'node:fs/promises'
import { totalmem } from 'node:os'
import type { Config } from '../../config/schema.ts'
import { type WrittenDirectory, writtenDirectories } from '../../planning/unit/service-paths.ts'

/** What of this host decides whether the drop-in does what it says. */
export interface UnitSurroundings {
  readonly memoryBytes: number
  /** Directories that the service shall write to and that are not there. */
  readonly missing: readonly WrittenDirectory[]
}

export async function unitSurroundings(config: Config): Promise<UnitSurroundings> {
  const directories = await Promise.all(writtenDirectories(config).map(async (one) => ((await isThere(one.path)) ? [] : [one])))
  return { memoryBytes: totalmem(), missing: directories.flat() }
}

/** What cannot be looked at may well be there. */
async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT' && error.code !== 'ENOTDIR',
  )
}
