import { execFile } from 'node:child_process'
import { access, constants, readdir, readFile, readlink, stat, statfs } from 'node:fs/promises'
import { networkInterfaces, totalmem } from 'node:os'

export interface CommandResult {
  readonly status: number
  readonly out: string
}

export interface FileFacts {
  readonly uid: number
  /** Permission bits. */
  readonly mode: number
  readonly isDirectory: boolean
  readonly bytes: number
}

export interface DiskFacts {
  /** Magic number of the file system (statfs(2)). */
  readonly type: number
  readonly freeBytes: number
  readonly inodes: number
  readonly freeInodes: number
}

/** What the checks see of the machine. Nothing rejects: what cannot be had is undefined. */
export interface Host {
  /** Of this process. */
  readonly uid: number
  nowMs(): number
  /** RAM of the machine. */
  memoryBytes(): number
  /** Every address of its interfaces. */
  addresses(): readonly string[]
  read(path: string): Promise<string | undefined>
  list(path: string): Promise<readonly string[] | undefined>
  /** Where a symbolic link leads. */
  link(path: string): Promise<string | undefined>
  stat(path: string): Promise<FileFacts | undefined>
  disk(path: string): Promise<DiskFacts | undefined>
  mayWrite(path: string): Promise<boolean>
  /** Standard output and exit status of a command; undefined where it is not installed or did not end. */
  run(command: string, args: readonly string[], signal: AbortSignal): Promise<CommandResult | undefined>
}

const commandMs = 4000
const maxOutputBytes = 2 ** 20

export const thisHost: Host = {
  uid: process.getuid?.() ?? 0,
  nowMs: () => Date.now(),
  memoryBytes: () => totalmem(),
  addresses: () => Object.values(networkInterfaces()).flatMap((one) => one?.map(({ address }) => address) ?? []),
  read: (path) => had(readFile(path, 'utf8')),
  list: (path) => had(readdir(path)),
  link: (path) => had(readlink(path)),
  stat: async (path) => {
    const found = await had(stat(path))
    return found && { uid: found.uid, mode: found.mode & 0o7777, isDirectory: found.isDirectory(), bytes: found.size }
  },
  disk: async (path) => {
    const found = await had(statfs(path))
    return found && { type: found.type, freeBytes: found.bavail * found.bsize, inodes: found.files, freeInodes: found.ffree }
  },
  mayWrite: async (path) => (await had(access(path, constants.W_OK).then(() => true))) ?? false,
  run,
}

async function had<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch {
    return undefined
  }
}

function run(command: string, args: readonly string[], signal: AbortSignal): Promise<CommandResult | undefined> {
  // Where cron or sudo give a short PATH, what is for administrators is found all the same.
  const env = { ...process.env, LC_ALL: 'C', PATH: `${process.env.PATH ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin` }
  return new Promise((resolve) => {
    execFile(command, [...args], { env, signal, timeout: commandMs, maxBuffer: maxOutputBytes }, (error, out) => {
      if (error === null) return resolve({ status: 0, out })
      resolve(typeof error.code === 'number' ? { status: error.code, out } : undefined)
    })
  })
}
