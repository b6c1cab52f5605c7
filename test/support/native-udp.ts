import { type Koffi, loadKoffi } from '../../src/native/koffi.ts'
import { encodeSockaddr } from '../../src/native/sockaddr.ts'
import { udpSocketCalls } from '../../src/native/udp-sockets.ts'

function loaded(): Koffi {
  const found = loadKoffi()
  if (found instanceof Error) throw found
  return found
}

const koffi = loaded()
const libc = koffi.load(null)
const socket = libc.func('int socket(int domain, int type, int protocol)')
const sendto = libc.func('intptr_t sendto(int fd, const void *bytes, size_t length, int flags, const void *name, uint32_t nameLength)')
const setsockopt = libc.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)')

export const native = { koffi, libc }
export const calls = udpSocketCalls(libc, koffi)

/** Sends to a loopback address without a turn of the event loop: what they are sent to cannot be read meanwhile. */
export function sendNow(port: number, datagrams: readonly (string | Buffer)[], host = '127.0.0.1'): void {
  const fd = socket(host.includes(':') ? 10 : 2, 2, 0) as number
  const name = encodeSockaddr(host, port)
  try {
    for (const datagram of datagrams) {
      const bytes = Buffer.from(datagram)
      if (Number(sendto(fd, bytes, bytes.length, 0, name, name.length)) !== bytes.length) throw new Error(`sendto: errno ${koffi.errno()}`)
    }
  } finally {
    calls.close(fd)
  }
}

/** As another program might that is willing to share its port. */
export function shareable(fd: number): void {
  const SOL_SOCKET = 1
  const SO_REUSEPORT = 15
  setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, Buffer.from([1, 0, 0, 0]), 4)
}
