import ipaddr from 'ipaddr.js'

export type Protocol = 'tcp' | 'udp'

/** One line of /proc/net/tcp, tcp6, udp or udp6 (proc(5)). */
export interface BoundSocket {
  readonly protocol: Protocol
  readonly address: string
  readonly port: number
  /** A TCP listener, or a UDP socket that takes datagrams of everybody. Otherwise it is one end of a connection. */
  readonly listening: boolean
  readonly uid: number
  /** 0: no process has it open any more. */
  readonly inode: number
}

/** TCP_ESTABLISHED, TCP_LISTEN and, for UDP, TCP_CLOSE (net/tcp_states.h). */
const states = { connected: '01', tcpListen: '0A', udpUnconnected: '07' } as const

/** The sockets on one of these local ports: listeners and open connections. A busy relay has tens of thousands of others. */
export function parseSocketTable(table: string, protocol: Protocol, ports: ReadonlySet<number>): BoundSocket[] {
  const found: BoundSocket[] = []
  for (const line of table.split('\n')) {
    const columns = line.trim().split(/\s+/)
    const [address, port] = (columns[1] ?? '').split(':')
    const number = Number.parseInt(port ?? '', 16)
    if (!ports.has(number)) continue
    const state = columns[3]
    const listening = state === (protocol === 'tcp' ? states.tcpListen : states.udpUnconnected)
    if (!listening && state !== states.connected) continue
    const where = { protocol, address: readAddress(address as string), port: number }
    found.push({ ...where, listening, uid: Number(columns[7]), inode: Number(columns[9]) })
  }
  return found
}

/** 32-bit words in the machine's byte order: little-endian on both architectures that we run on. */
function readAddress(words: string): string {
  return ipaddr.fromByteArray([...Buffer.from(words, 'hex').swap32()]).toString()
}

/** Whether a socket on `bound` is in the way of one on `wanted`, both on the same port. */
export function addressesMeet(wanted: string, bound: string): boolean {
  const [a, b] = [plain(wanted), plain(bound)]
  if (a === b || a === '::' || b === '::') return true
  if (a !== '0.0.0.0' && b !== '0.0.0.0') return false
  return ipaddr.IPv4.isValid(a) && ipaddr.IPv4.isValid(b)
}

function plain(address: string): string {
  const bare = address.split('%', 1)[0] as string
  return ipaddr.isValid(bare) ? ipaddr.process(bare).toString() : bare
}
