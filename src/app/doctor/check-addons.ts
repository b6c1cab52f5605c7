import { RelayError } from '../../core/errors.ts'
import { type Finding, findingsOf } from './finding.ts'

const { ok, problem } = findingsOf('files')
const subject = 'built-in libraries'
/** As docs/errors.md has it, for whoever asks. */
const mend = 'sudo install -d -m 0700 -o "$(id -u)" /var/cache/logrelay && export LOGRELAY_CACHE_DIR=/var/cache/logrelay'

/** Of the single executable alone: what it carries as addons, and how one is loaded. */
export interface Addons {
  readonly names: readonly string[]
  /** Throws ADDON_UNAVAILABLE. */
  load(name: string): unknown
}

/** Whether this user can load what the single executable carries. One that names no place for them opens no queue. */
export async function checkAddons({ names, load }: Addons): Promise<Finding[]> {
  try {
    for (const name of names) load(name)
    return [ok(subject, `${names.join(' and ')} can be loaded`)]
  } catch (error) {
    return [problem(subject, `${RelayError.from(error).message}: the relay cannot start as this user`, mend)]
  }
}
