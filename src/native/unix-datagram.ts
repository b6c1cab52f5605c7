import { RelayError } from '../core/errors.ts'
import { withLibc } from './koffi.ts'

/** Sends one datagram to a unix socket: a path, or `@name` for Linux' abstract names. Answers what went wrong. */
export type SendDatagram = (address: string, payload: Buffer) => RelayError | undefined

// Linux, the same on x64 and arm64: <sys/socket.h>, unix(7).
const AF_UNIX = 1
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000
const MSG_DONTWAIT_NOSIGNAL = 0x40 | 0x4000
const sunPathBytes = 108

/** Undefined where the C library cannot be called. */
export function bindSendDatagram(): SendDatagram | undefined {
  return withLibc<SendDatagram | undefined>((libc, koffi) => {
    const socket = libc.func('int socket(int domain, int type, int protocol)')
    // ssize_t is unknown to koffi, and an int would read half of it.
    const sendto = libc.func('intptr_t sendto(int fd, const void *buf, size_t len, int flags, const void *addr, uint32_t addrlen)')
    const close = libc.func('int close(int fd)')
    const failed = (call: string) => {
      const number = koffi.errno()
      const name = Object.entries(koffi.os.errno).find(([, value]) => value === number)?.[0]
      return new RelayError('INTERNAL', `${call}: ${name ?? `errno ${number}`}`)
    }
    return (address, payload) => {
      const name = socketAddress(address)
      if (name instanceof RelayError) return name
      const fd = socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0) as number
      if (fd < 0) return failed('socket')
      try {
        // Without waiting: a receiver that does not read must not hold up the relay.
        const sent = sendto(fd, payload, payload.length, MSG_DONTWAIT_NOSIGNAL, name, name.length) as number
        return sent === payload.length ? undefined : failed(`sendto ${address}`)
      } finally {
        close(fd)
      }
    }
  }, undefined)
}

/** struct sockaddr_un, as long as it needs to be: an abstract name is all of its bytes, without an end (unix(7)). */
export function socketAddress(address: string): Buffer | RelayError {
  const path = Buffer.from(address.startsWith('@') ? `\0${address.slice(1)}` : address)
  if (!/^[@/]./.test(address)) return new RelayError('INTERNAL', `${address} is neither a path nor an abstract name`)
  if (path.length >= sunPathBytes) return new RelayError('INTERNAL', `${address} is too long for a socket`)
  const family = Buffer.alloc(2)
  // sa_family_t is in the machine's byte order; Node.js runs on little-endian ones alone where we do.
  family.writeUInt16LE(AF_UNIX)
  return Buffer.concat([family, path, address.startsWith('@') ? Buffer.alloc(0) : Buffer.alloc(1)])
}
