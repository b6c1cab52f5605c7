import { readFile } from 'node:fs/promises'

/** CAP_NET_BIND_SERVICE (capabilities(7)). */
const netBindService = 10n
/** Where the kernel does not say otherwise. */
const usualStart = 1024

/** Whether a process may open any port, by the text of its /proc/PID/status (proc(5)). Undefined where that does not tell. */
export function mayBindAll(status: string): boolean | undefined {
  const bits = /^CapEff:\s+([0-9a-f]+)/m.exec(status)?.[1]
  return bits === undefined ? undefined : ((BigInt(`0x${bits}`) >> netBindService) & 1n) === 1n
}

/** The first port that needs no privilege, by the text of net.ipv4.ip_unprivileged_port_start. */
export function unprivilegedStart(text: string | undefined): number {
  const start = Number.parseInt(text ?? '', 10)
  return Number.isNaN(start) ? usualStart : start
}

/** The first port that this process may open: 0 where it may open all. */
export async function firstOwnPort(): Promise<number> {
  const [status, start] = await Promise.all(['/proc/self/status', '/proc/sys/net/ipv4/ip_unprivileged_port_start'].map(textOf))
  return (mayBindAll(status ?? '') ?? process.getuid?.() === 0) ? 0 : unprivilegedStart(start)
}

function textOf(file: string): Promise<string | undefined> {
  return readFile(file, 'latin1').catch(() => undefined)
}
