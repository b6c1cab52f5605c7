import { readFileSync } from 'node:fs'
import type { Config } from '../config/schema.ts'
import { filesNeeded } from '../planning/unit/files-needed.ts'

/** How many files this process may have open: `LimitNOFILE=`, `ulimit -n`. Infinity where the system does not tell. */
export function openFilesLimit(): number {
  try {
    return findOpenFiles(readFileSync('/proc/self/limits', 'latin1'))
  } catch {
    // Not Linux, or hidden by the sandbox: max_connections is then the only bound.
    return Number.POSITIVE_INFINITY
  }
}

/** The soft limit in the text of /proc/PID/limits (proc(5)), which Node.js raises to the hard one when it starts. */
export function findOpenFiles(limits: string): number {
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1]
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft)
}

/** Connections that sources may hold of so many open files: what queues, sinks and listeners need is kept, half of all at most. */
export function connectionLimit(config: Config, openFiles: number): number {
  return Math.max(Math.floor(openFiles / 2), openFiles - filesNeeded(config))
}
