import { stat } from 'node:fs/promises'
import { RelayError } from '../core/errors.ts'

const defaultConfigFile = '/etc/logrelay/logrelay.yaml'

/**
 * Which configuration holds: the file named by --config, else the system's, else undefined for the built-in one.
 * A system file that is there but out of reach is an error (CONFIG_INVALID): running something else would surprise.
 */
export async function resolveConfigFile(option?: string, systemFile = defaultConfigFile): Promise<string | undefined> {
  if (option !== undefined) return option
  try {
    await stat(systemFile)
    return systemFile
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new RelayError('CONFIG_INVALID', `${systemFile} cannot be read (${code})`, {
      cause,
      hint: 'run the command as the user of the relay, or name another file with --config',
    })
  }
}
