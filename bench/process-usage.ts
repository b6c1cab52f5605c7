import { readFileSync } from 'node:fs'

// USER_HZ, the unit of /proc/PID/stat, is 100 on every Linux that Node.js runs on.
const ticksPerSecond = 100

/** Processor time of a process and all its threads so far, in seconds (man 5 proc: utime and stime). */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name in parentheses may hold anything; the fields after it are counted from the third.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

/** The most resident memory it ever had, in MiB. */
export function peakMemoryMiB(pid: number): number {
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(peak?.[1] ?? 0) / 1024
}
