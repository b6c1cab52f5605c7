import { createHash, randomUUID } from 'node:crypto'
import { lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { RelayError } from '../core/errors.ts'
import { buildManifest, embeddedBytes } from './embedded.ts'
import { isOursAlone, preparePrivateDirectory } from './private-directory.ts'

/** Where an addon comes from, and what it must be. Tests give another. */
export interface AddonHome {
  /** Of the program. Packages put the addons there. */
  readonly besides: string
  readonly env: NodeJS.ProcessEnv
  readonly uid: number
  /** The system's directory for temporary files. */
  readonly temporary: string
  sha256(name: string): string
  bytes(name: string): Uint8Array
  /** Loads the file into this process. */
  open(path: string): unknown
}

const ourHome: AddonHome = {
  besides: dirname(process.execPath),
  env: process.env,
  uid: process.geteuid?.() ?? -1,
  temporary: tmpdir(),
  sha256: (name) => buildManifest().addons[name] as string,
  bytes: embeddedBytes,
  open: (path) => {
    const module: { exports: unknown } = { exports: {} }
    process.dlopen(module as NodeModule, path)
    return module.exports
  },
}

/**
 * An addon of the single executable. The dynamic linker takes files only: the one beside the program where it is the very same, else a copy in a cache directory
 * that is this user's alone. LOGRELAY_CACHE_DIR names it; without, the first that can be used of XDG_CACHE_HOME/logrelay, ~/.cache/logrelay and
 * a directory in the system's for temporary files. Throws ADDON_UNAVAILABLE.
 */
export function loadAddon(name: string, home: AddonHome = ourHome): unknown {
  const beside = join(home.besides, name)
  const failures: string[] = []
  // Whoever could put a file there could also exchange it once it was looked at.
  if (isOursAlone(beside, home.uid) && isFileOf(beside, home.sha256(name), undefined)) {
    const opened = tryOpen(beside, home)
    if ('addon' in opened) return opened.addon
    failures.push(opened.wrong)
  }
  for (const directory of cacheDirectories(home)) {
    const opened = openFromCache(name, directory, home)
    if ('addon' in opened) return opened.addon
    failures.push(opened.wrong)
  }
  throw new RelayError('ADDON_UNAVAILABLE', `the built-in library ${name} has no place to be loaded from: ${failures.join('; ')}`, { hint })
}

const hint =
  'Set LOGRELAY_CACHE_DIR to a directory that belongs to this user alone (mode 0700), on a file system that can be written and is not mounted noexec.'

/** Whoever names a directory means that one and no other. */
function cacheDirectories({ env, uid, temporary }: AddonHome): string[] {
  if (env.LOGRELAY_CACHE_DIR) return [env.LOGRELAY_CACHE_DIR]
  return [
    ...(env.XDG_CACHE_HOME ? [join(env.XDG_CACHE_HOME, 'logrelay')] : []),
    ...homeDirectory(env).map((directory) => join(directory, '.cache', 'logrelay')),
    join(temporary, `logrelay-${uid}`),
  ]
}

/** A user without an entry in the password file has none. */
function homeDirectory(env: NodeJS.ProcessEnv): string[] {
  if (env.HOME) return [env.HOME]
  try {
    return [homedir()]
  } catch {
    return []
  }
}

type Opened = { readonly addon: unknown } | { readonly wrong: string }

function openFromCache(name: string, directory: string, home: AddonHome): Opened {
  const prepared = preparePrivateDirectory(directory, home.uid)
  if ('wrong' in prepared) return { wrong: `${directory} ${prepared.wrong}` }
  const sha256 = home.sha256(name)
  const path = join(prepared.path, `${sha256}-${name}`)
  try {
    if (!isFileOf(path, sha256, home.uid)) writeWhole(path, home.bytes(name))
  } catch (error) {
    return { wrong: `${directory} cannot be written (${(error as NodeJS.ErrnoException).code ?? String(error)})` }
  }
  return tryOpen(path, home)
}

/** `uid`: whose it must be; left out, anybody's. */
function isFileOf(path: string, sha256: string, uid: number | undefined): boolean {
  try {
    const found = lstatSync(path)
    if (!found.isFile() || (uid !== undefined && found.uid !== uid)) return false
    return createHash('sha256').update(readFileSync(path)).digest('hex') === sha256
  } catch {
    return false
  }
}

/** Another process may do the same at the same time: each writes a file of its own, and either is good. */
function writeWhole(path: string, bytes: Uint8Array): void {
  const temporary = `${path}.${randomUUID()}`
  try {
    writeFileSync(temporary, bytes, { flag: 'wx', mode: 0o700 })
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

function tryOpen(path: string, home: AddonHome): Opened {
  try {
    return { addon: home.open(path) }
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    // What dlopen(3) says where the file system is mounted noexec.
    const why = text.includes('failed to map segment') ? 'its file system is mounted noexec' : text
    return { wrong: `${path} cannot be loaded: ${why}` }
  }
}
