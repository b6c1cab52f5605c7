import { basename } from 'node:path'
import type { Host } from './host.ts'

/** A process that has a socket open. */
export interface SocketOwner {
  readonly pid: number
  /** `rsyslogd` */
  readonly name: string
  /** `rsyslog.service`, where systemd started it. */
  readonly unit?: string
}

/**
 * Who has these sockets open: looks through /proc/PID/fd, the process `first` before all others, as far as this user may. Stops when all
 * are found.
 */
export async function findOwners(
  host: Host,
  inodes: ReadonlySet<number>,
  first: number | undefined,
  signal: AbortSignal,
): Promise<Map<number, SocketOwner>> {
  const found = new Map<number, SocketOwner>()
  const wanted = new Set(inodes)
  wanted.delete(0)
  const all = ((await host.list('/proc')) ?? []).filter((name) => /^\d+$/.test(name)).map(Number)
  for (const pid of first === undefined ? all : [first, ...all.filter((other) => other !== first)]) {
    if (wanted.size === 0 || signal.aborted) break
    const own = await socketsOf(host, pid, wanted)
    if (own.length === 0) continue
    const owner = await describe(host, pid)
    for (const inode of own) {
      found.set(inode, owner)
      wanted.delete(inode)
    }
  }
  return found
}

async function socketsOf(host: Host, pid: number, wanted: ReadonlySet<number>): Promise<number[]> {
  const files = (await host.list(`/proc/${pid}/fd`)) ?? []
  const links = await Promise.all(files.map((file) => host.link(`/proc/${pid}/fd/${file}`)))
  const inodes = links.map((link) => Number(/^socket:\[(\d+)\]$/.exec(link ?? '')?.[1]))
  return inodes.filter((inode) => wanted.has(inode))
}

async function describe(host: Host, pid: number): Promise<SocketOwner> {
  // The program's file before the name of its first thread, which for Node.js is no name at all.
  const [file, comm, group] = await Promise.all([
    host.link(`/proc/${pid}/exe`),
    host.read(`/proc/${pid}/comm`),
    host.read(`/proc/${pid}/cgroup`),
  ])
  const name = file === undefined ? comm?.trim() : basename(file)
  const unit = /\/([^/\n]+\.service)\s*$/m.exec(group ?? '')?.[1]
  return { pid, name: name ?? 'a program', ...(unit !== undefined && { unit }) }
}
