import { Level } from 'level'

/** Opens what the source remembers, repaired where it is damaged. Rejects with LevelDB's errors. */
export async function openStore(directory: string): Promise<Level<string, string>> {
  const options = { keyEncoding: 'utf8', valueEncoding: 'utf8', cacheSize: 2 ** 20, writeBufferSize: 2 ** 20, maxOpenFiles: 74 }
  const db = new Level<string, string>(directory, options)
  try {
    await db.open()
  } catch (error) {
    if (!codesOf(error).includes('LEVEL_CORRUPTION')) throw error
    await (Level as unknown as { repair(location: string): Promise<void> }).repair(directory)
    await db.open()
  }
  return db
}

/** Of an error and what caused it. */
export function codesOf(error: unknown): string[] {
  return error instanceof Error ? [String((error as NodeJS.ErrnoException).code), ...codesOf(error.cause)] : []
}

/** Where LevelDB says which file and what the system answered. */
export function innermost(error: unknown): string {
  return error instanceof Error ? (error.cause instanceof Error ? innermost(error.cause) : error.message) : String(error)
}
