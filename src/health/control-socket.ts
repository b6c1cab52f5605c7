import { lstat, rename, rm, stat } from 'node:fs/promises'
import type { Server } from 'node:http'
import { dirname, join } from 'node:path'
import { RelayError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { makeDirectory } from '../native/make-directory.ts'
import { getStatus } from './control-client.ts'

// sockaddr_un has 108 bytes for the path and its end (unix(7)); a longer one would be cut, or refused.
const maxPathBytes = 107
const probeTimeoutMs = 2_000

/** Of a data_dir that cannot be written to. */
export const readOnlyHint =
  'to the service all but /var/lib/logrelay is read-only: make the directory for its user, then `logrelay unit --write && systemctl restart logrelay`'

/** Where a relay and its commands meet: `control.sock` in the data directory. */
export function controlSocketPath(dataDir: string): string {
  return join(dataDir, 'control.sock')
}

/**
 * Makes the place for the socket: the directory exists, no living relay answers there, and what a dead one left is gone.
 * Rejects with DATA_DIR_IN_USE or DATA_DIR_UNUSABLE.
 */
export async function claimSocketPath(path: string, log: Logger): Promise<void> {
  const bytes = Buffer.byteLength(path)
  if (bytes > maxPathBytes) {
    const hint = `choose a data_dir whose path is at least ${bytes - maxPathBytes} bytes shorter`
    throw new RelayError('DATA_DIR_UNUSABLE', `${path} is ${bytes} bytes long; a socket's path has ${maxPathBytes} at most`, { hint })
  }
  try {
    await makeDirectory(dirname(path), 0o700)
    const { mode } = await stat(dirname(path))
    // Other users' access to the directory is the administrator's choice (it may hold more than our files); we say so.
    if ((mode & 0o022) !== 0) log.warn({ path: dirname(path) }, 'data_dir can be written by other users: `chmod 700` it')
    await removeStale(path)
  } catch (error) {
    throw RelayError.from(error, 'DATA_DIR_UNUSABLE', `the control socket ${path} cannot be made`)
  }
}

/**
 * Binds with permissions for our user alone from the first moment: a chmod afterwards would come too late for whoever
 * is quick. Node.js binds a path before `listen` returns, so the mask is back at once.
 */
export function bindPrivately(server: Server, path: string): void {
  const before = process.umask(0o177)
  try {
    server.listen(path)
  } finally {
    process.umask(before)
  }
}

/**
 * Two relays that start together both find the stale socket. Each first moves away what lies there and only then asks
 * whether it lives: so neither can remove the socket that the other has just made without noticing.
 */
async function removeStale(path: string): Promise<void> {
  if (await isMissing(path)) return
  await refuseIfAlive(path)
  const aside = join(dirname(path), `old.${process.pid}`)
  if (!(await moveAway(path, aside))) return
  try {
    await refuseIfAlive(aside)
  } catch (error) {
    await rename(aside, path)
    throw error
  }
  await rm(aside)
}

async function isMissing(path: string): Promise<boolean> {
  const found = await lstat(path).catch(ignoreMissing)
  if (found !== undefined && !found.isSocket()) {
    throw new RelayError('DATA_DIR_UNUSABLE', `${path} is not a socket`, { hint: 'move it away: the relay makes its control socket there' })
  }
  return found === undefined
}

async function moveAway(from: string, to: string): Promise<boolean> {
  return (await rename(from, to).then(() => true, ignoreMissing)) ?? false
}

async function refuseIfAlive(path: string): Promise<void> {
  const answer = await getStatus(path, { timeoutMs: probeTimeoutMs }).catch(RelayError.from)
  if (answer instanceof RelayError && answer.code === 'NOT_RUNNING') return
  const who =
    answer instanceof RelayError ? `another process, which does not answer (${answer.message})` : `the relay with pid ${answer.pid}`
  const hint = 'stop it first, or give this one a data_dir of its own'
  throw new RelayError('DATA_DIR_IN_USE', `${dirname(path)} is held by ${who}`, { hint })
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
