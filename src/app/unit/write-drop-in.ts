import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { RelayError } from '../../core/errors.ts'
import { makeDirectory } from '../../native/make-directory.ts'

export const dropInName = '50-configuration.conf'

export interface WrittenDropIn {
  readonly file: string
  readonly written: boolean
  /** Whether systemd has read it: `no` where no systemd runs that would, else what went wrong. */
  readonly reload: 'yes' | 'no' | { readonly failure: string }
}

/** What is asked of the system; tests give another one. */
export interface Systemd {
  /** sd_booted(3). */
  runs(): boolean
  /** `systemctl daemon-reload`. Resolves with what went wrong. */
  reload(): Promise<string | undefined>
}

const reloadTimeoutMs = 90_000

export const systemd: Systemd = {
  runs: () => existsSync('/run/systemd/system'),
  reload: () =>
    new Promise((resolve) => {
      execFile('systemctl', ['daemon-reload'], { timeout: reloadTimeoutMs }, (error, _stdout, stderr) => {
        resolve(error === null ? undefined : stderr.trim() || error.message)
      })
    }),
}

/**
 * Puts the text into the directory, as a whole or not at all, where it differs from what is there, and has systemd read it. Rejects with FILE_UNWRITABLE.
 */
export async function writeDropIn(text: string, directory: string, system = systemd): Promise<WrittenDropIn> {
  const file = join(directory, dropInName)
  try {
    const written = (await contentOf(file)) !== text
    if (written) await replace(file, directory, text)
    return { file, written, reload: readBySystemd(directory) ? await reload(system) : 'no' }
  } catch (error) {
    throw unwritable(file, error)
  }
}

/** Whether it is one of the directories of drop-ins that this host's systemd reads, and that are not the packages'. */
export function readBySystemd(directory: string): boolean {
  return /^\/(?:etc|run)\/systemd\/system\/[^/]+/.test(directory)
}

/** Even where nothing changed: the reload of the last time may have failed, and one too many costs nothing. */
export async function reload(system: Systemd): Promise<WrittenDropIn['reload']> {
  if (!system.runs()) return 'no'
  const failure = await system.reload()
  return failure === undefined ? 'yes' : { failure }
}

async function contentOf(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw error
  })
}

async function replace(file: string, directory: string, text: string): Promise<void> {
  await makeDirectory(directory, 0o755)
  // systemd reads names that end in .conf alone.
  const aside = `${file}.${process.pid}`
  try {
    const handle = await open(aside, 'wx', 0o644)
    try {
      await handle.chmod(0o644) // whatever the umask says: it holds no secret, and others look at it
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(aside, file)
  } catch (error) {
    await rm(aside, { force: true }).catch(() => {})
    throw error
  }
}

const hints: Readonly<Record<string, string>> = {
  EACCES: 'run it as root: sudo logrelay unit --write',
  EPERM: 'run it as root: sudo logrelay unit --write',
  EROFS:
    'this file system is read-only: make it writable, or put the output of `logrelay unit` where this system is made; --directory names another place',
  ENOTDIR: 'name a directory with --directory',
  EEXIST: 'a part of the path is not a directory, or a file of an earlier try is in the way',
}

function unwritable(file: string, cause: unknown): RelayError {
  const { code, message } = cause as NodeJS.ErrnoException
  const hint = hints[code ?? '']
  return new RelayError('FILE_UNWRITABLE', `cannot write ${file}: ${message}`, { cause, ...(hint !== undefined && { hint }) })
}
