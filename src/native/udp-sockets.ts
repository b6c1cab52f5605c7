import { isIPv4 } from 'node:net'
import type { Koffi, Libc } from './koffi.ts'
import { AF_INET, AF_INET6, decodeSockaddr, encodeSockaddr, sockaddrBytes } from './sockaddr.ts'
import { systemError } from './system-error.ts'

// Linux, the same on x64 and arm64: <sys/socket.h>, <netinet/in.h>, <linux/filter.h>.
const SOCK_DGRAM_CLOEXEC_NONBLOCK = 2 | 0o2000000 | 0o4000
const SOL_SOCKET = 1
const SO_RCVBUF = 8
const SO_REUSEPORT = 15
const SO_ATTACH_FILTER = 26
const SO_RCVBUFFORCE = 33
const SO_MEMINFO = 55
const IPPROTO_IPV6 = 41
const IPV6_V6ONLY = 26
const BPF_RET_K = 0x06
/** Index of the drops in what SO_MEMINFO gives (SK_MEMINFO_DROPS of <linux/sock_diag.h>). */
const drops = 8

/** A bound UDP socket that is ours alone: whoever has it reads from `fd` and closes it. */
export interface UdpSocket {
  readonly fd: number
  /** As the system chose it, if 0 was asked for. */
  readonly port: number
  /** Bytes of receive buffer that the system granted. */
  readonly receiveBuffer: number
}

export interface UdpSocketCalls {
  /**
   * `count` sockets on one address and port, between which the kernel divides the senders. Throws with the code of the call that
   * failed (EADDRINUSE, EACCES, ...), nothing left open.
   */
  open(address: string, port: number, receiveBuffer: number, count: number): UdpSocket[]
  /** Datagrams that the kernel dropped at this socket since it was made, modulo 2^32. Undefined before Linux 4.12. */
  drops(fd: number): number | undefined
  /** From here on the kernel drops what arrives, and counts it: what the socket holds now is all that can be read from it. */
  deafen(fd: number): void
  close(fd: number): void
}

export function udpSocketCalls(libc: Libc, koffi: Koffi): UdpSocketCalls {
  const socket = libc.func('int socket(int domain, int type, int protocol)')
  const bind = libc.func('int bind(int fd, const void *addr, uint32_t addrlen)')
  const getsockname = libc.func('int getsockname(int fd, void *addr, void *addrlen)')
  const setsockopt = libc.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)')
  const getsockopt = libc.func('int getsockopt(int fd, int level, int name, void *value, void *length)')
  const close = libc.func('int close(int fd)')

  const must = (call: string, answer: number): number => {
    if (answer < 0) throw systemError(koffi, call)
    return answer
  }
  const set = (fd: number, level: number, name: number, value: number): number => setsockopt(fd, level, name, int(value), 4)
  const get = (fd: number, name: number, value: Buffer): number => getsockopt(fd, SOL_SOCKET, name, value, int(value.length))

  /** Linux doubles the value for its own bookkeeping, and answers with the double (socket(7)). */
  const grow = (fd: number, bytes: number): number => {
    // Beyond net.core.rmem_max only with CAP_NET_ADMIN.
    if (set(fd, SOL_SOCKET, SO_RCVBUFFORCE, bytes) < 0) must('setsockopt SO_RCVBUF', set(fd, SOL_SOCKET, SO_RCVBUF, bytes))
    const granted = Buffer.alloc(4)
    must('getsockopt SO_RCVBUF', get(fd, SO_RCVBUF, granted))
    return granted.readInt32LE() / 2
  }
  const openOne = (address: string, port: number, receiveBuffer: number, shared: boolean): UdpSocket => {
    const family = isIPv4(address) ? AF_INET : AF_INET6
    const fd = must('socket', socket(family, SOCK_DGRAM_CLOEXEC_NONBLOCK, 0))
    try {
      // `::` takes IPv4 as well, whatever net.ipv6.bindv6only says.
      if (family === AF_INET6) must('setsockopt IPV6_V6ONLY', set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0))
      if (shared) must('setsockopt SO_REUSEPORT', set(fd, SOL_SOCKET, SO_REUSEPORT, 1))
      const granted = grow(fd, receiveBuffer)
      const name = encodeSockaddr(address, port)
      must(`bind ${address}:${port}`, bind(fd, name, name.length))
      const bound = Buffer.alloc(sockaddrBytes)
      must('getsockname', getsockname(fd, bound, int(bound.length)))
      return { fd, port: decodeSockaddr(bound).port, receiveBuffer: granted }
    } catch (error) {
      close(fd)
      throw error
    }
  }
  return {
    open(address, port, receiveBuffer, count) {
      // The first without SO_REUSEPORT: it fails where anybody else is bound, even one of this user who would share. It may be
      // set afterwards: bind(2) of the others looks at what the sockets there say at that moment.
      const first = openOne(address, port, receiveBuffer, false)
      const all = [first]
      try {
        if (count > 1) must('setsockopt SO_REUSEPORT', set(first.fd, SOL_SOCKET, SO_REUSEPORT, 1))
        while (all.length < count) all.push(openOne(address, first.port, receiveBuffer, true))
      } catch (error) {
        for (const { fd } of all) close(fd)
        throw error
      }
      return all
    },
    drops(fd) {
      const info = Buffer.alloc(4 * (drops + 1))
      return get(fd, SO_MEMINFO, info) < 0 ? undefined : info.readUInt32LE(4 * drops)
    },
    deafen(fd) {
      // A filter that takes nothing of any packet (packet(7), bpf(2)): struct sock_filter and the struct sock_fprog that points to it.
      const filter = Buffer.alloc(8)
      filter.writeUInt16LE(BPF_RET_K)
      const program = Buffer.alloc(16)
      program.writeUInt16LE(1)
      program.writeBigUInt64LE(koffi.address(filter), 8)
      must('setsockopt SO_ATTACH_FILTER', setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, program, program.length))
    },
    close: (fd) => void close(fd),
  }
}

function int(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return bytes
}
