import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

// USER_HZ, the unit of /proc/PID/stat, is 100 on every Linux that Node.js runs on.
const ticksPerSecond = 100

/** Memory in MiB. */
export interface Memory {
  /** The most that was resident at a time (VmHWM), pages of mapped files included. */
  readonly peakMiB: number
  /** Resident and belonging to no file: what the system cannot take back. */
  readonly anonymousMiB: number
}

/** Processor time of a process, its descendants and all their threads so far, in seconds (man 5 proc: utime and stime). */
export function cpuSeconds(pid: number): number {
  const ticks = processTree(pid).map((member) => {
    const stat = readFileSync(`/proc/${member}/stat`, 'utf8')
    // The name in parentheses may hold anything; the fields after it are counted from the third.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return Number(fields[11]) + Number(fields[12])
  })
  return sum(ticks) / ticksPerSecond
}

/** Memory of a process and its descendants. */
export function memory(pid: number): Memory {
  const statuses = processTree(pid).map((member) => readFileSync(`/proc/${member}/status`, 'utf8'))
  const total = (field: string) => sum(statuses.map((status) => Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0)))
  return { peakMiB: total('VmHWM') / 1024, anonymousMiB: total('RssAnon') / 1024 }
}

/** Bytes on disk below a directory; what vanishes while it is counted counts as nothing. */
export function directoryBytes(directory: string): number {
  const { status, stdout } = spawnSync('du', ['-s', '-B1', directory], { encoding: 'utf8' })
  if (stdout === '') throw new Error(`du cannot read ${directory}: status ${status}`)
  return Number.parseInt(stdout, 10)
}

/** Watches anonymous memory, and whatever else it is given, ten times a second until it is stopped. */
export class Watch {
  readonly #timer: NodeJS.Timeout
  mostAnonymousMiB = 0

  constructor(pid: number, also: () => void = () => {}) {
    this.#timer = setInterval(() => {
      this.mostAnonymousMiB = Math.max(this.mostAnonymousMiB, memory(pid).anonymousMiB)
      also()
    }, 100)
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}

function processTree(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
    const list = readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim()
    return list === '' ? [] : list.split(' ').map(Number)
  })
  return [pid, ...children.flatMap(processTree)]
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
