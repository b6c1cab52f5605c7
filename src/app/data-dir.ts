import { resolve } from 'node:path'
import type { Config } from '../config/schema.ts'
import { RelayError } from '../core/errors.ts'
import { readOnlyHint } from '../health/control-socket.ts'
import { makeDirectory } from '../native/make-directory.ts'

/** What is relative begins at the working directory. */
export function withAbsoluteDataDir(config: Config): Config {
  return { ...config, data_dir: resolve(config.data_dir) }
}

/** Rejects with DATA_DIR_UNUSABLE. */
export async function makeDataDir(dataDir: string): Promise<void> {
  try {
    await makeDirectory(dataDir, 0o750)
  } catch (cause) {
    throw new RelayError('DATA_DIR_UNUSABLE', `data_dir ${dataDir} cannot be created: ${(cause as Error).message}`, {
      cause,
      hint:
        (cause as NodeJS.ErrnoException).code === 'EROFS'
          ? readOnlyHint
          : 'create it and give it to the user who runs the relay, or set another data_dir',
    })
  }
}
