import { readFile } from 'node:fs/promises'
import ipaddr from 'ipaddr.js'

/** A bound UDP socket, as the kernel's tables name it. */
export interface BoundAddress {
  readonly address: string
  readonly port: number
}

/**
 * Datagrams that the kernel dropped because the socket's receive buffer was full, since the socket was made: the last column
 * of /proc/net/udp and udp6 (proc(5); in Linux since 2.6.27). Undefined where the system does not tell.
 */
export async function kernelDrops(bound: BoundAddress): Promise<number | undefined> {
  const table = ipaddr.parse(bound.address).kind() === 'ipv4' ? '/proc/net/udp' : '/proc/net/udp6'
  try {
    return findDrops(await readFile(table, 'latin1'), bound)
  } catch {
    // Not Linux, or hidden by the sandbox: the count is one that nobody can have.
    return undefined
  }
}

/** The count for a socket in the text of such a table. */
export function findDrops(table: string, bound: BoundAddress): number | undefined {
  const local = tableAddress(bound)
  for (const line of table.split('\n')) {
    const columns = line.trim().split(/\s+/)
    if (columns[1] === local && columns.length >= 13) return Number(columns[12])
  }
  return undefined
}

/** The kernel prints addresses as 32-bit words in the machine's byte order: little-endian on both architectures that we run on. */
function tableAddress({ address, port }: BoundAddress): string {
  const bytes = Buffer.from(ipaddr.parse(address.split('%', 1)[0] as string).toByteArray())
  const words = bytes.swap32().toString('hex').toUpperCase()
  return `${words}:${port.toString(16).toUpperCase().padStart(4, '0')}`
}
