import { dirname, resolve } from 'node:path'
import type { Config } from '../../config/schema.ts'
import { sinkFiles } from '../../config/sink-checks.ts'

/** What the unit gives the service anyway: StateDirectory=, which is its working directory too. */
export const stateDirectory = '/var/lib/logrelay'

/** Hidden by ProtectHome=. */
const homes = ['/home', '/root', '/run/user']
/** The service has others of its own: PrivateTmp=. */
const temporary = ['/tmp', '/var/tmp']

/** A directory that the service writes to, and that the unit does not give it by itself. */
export interface WrittenDirectory {
  readonly path: string
  /** The key that names it. */
  readonly key: string
  /** Why nothing of it is seen, or kept, whatever the drop-in allows. */
  readonly problem?: 'hidden' | 'temporary'
}

/** The data directory of the service. A relative one begins at its working directory. */
export function serviceDataDir(config: Config): string {
  return resolve(stateDirectory, config.data_dir)
}

/** Where the service writes outside of its state directory: `data_dir`, and the directories of file sinks; each once, in order. */
export function writtenDirectories(config: Config): WrittenDirectory[] {
  const dataDir = serviceDataDir(config)
  const named = sinkFiles({ ...config, data_dir: dataDir }).map(({ file, sink }) => ({ path: dirname(file), key: `sinks.${sink}.path` }))
  const found: WrittenDirectory[] = []
  const given = [stateDirectory]
  for (const { path, key } of [{ path: dataDir, key: 'data_dir' }, ...named]) {
    if (given.some((directory) => lies(path, directory))) continue
    given.push(path)
    const problem = homes.some((home) => lies(path, home)) ? 'hidden' : temporary.some((one) => lies(path, one)) ? 'temporary' : undefined
    found.push({ path, key, ...(problem && { problem }) })
  }
  return found
}

function lies(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === '/' ? directory : `${directory}/`)
}
