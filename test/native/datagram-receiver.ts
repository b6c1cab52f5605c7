import type { Test } from 'tap'
import { loadKoffi } from '../../src/native/koffi.ts'
import { socketAddress } from '../../src/native/unix-datagram.ts'

/** A unix datagram socket, which Node.js has none of: what systemd listens on. */
export interface DatagramReceiver {
  /** The next datagram that has arrived, or undefined. */
  receive(): string | undefined
}

/** Listens on a path or on an abstract name (`@name`) until the end of the test. */
export function bindReceiver(t: Test, address: string): DatagramReceiver {
  const koffi = loadKoffi()
  if (koffi instanceof Error) throw koffi
  const libc = koffi.load(null)
  const socket = libc.func('int socket(int domain, int type, int protocol)')
  const bind = libc.func('int bind(int fd, const void *addr, uint32_t addrlen)')
  const recv = libc.func('intptr_t recv(int fd, _Out_ void *buf, size_t len, int flags)')
  const close = libc.func('int close(int fd)')
  const name = socketAddress(address)
  if (name instanceof Error) throw name
  const fd: number = socket(1, 2, 0)
  t.teardown(() => close(fd))
  if (fd < 0 || bind(fd, name, name.length) !== 0) throw new Error(`bind ${address}: errno ${koffi.errno()}`)
  const buffer = Buffer.alloc(4096)
  const MSG_DONTWAIT = 0x40
  return {
    receive() {
      const length = Number(recv(fd, buffer, buffer.length, MSG_DONTWAIT))
      return length < 0 ? undefined : buffer.toString('utf8', 0, length)
    },
  }
}
