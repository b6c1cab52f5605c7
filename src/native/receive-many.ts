import type { Koffi, Libc } from './koffi.ts'
import { sockaddrBytes } from './sockaddr.ts'
import { systemError } from './system-error.ts'

// Linux, the same on x64 and arm64: <poll.h>, <sys/socket.h>.
const POLLIN = 1
const MSG_DONTWAIT = 0x40
/** Longer than any datagram but a jumbogram (RFC 768: a 16-bit length). */
const slotBytes = 65_536
/** Slots a whole number of pages apart would compete for the same few lines of the processor's caches. */
const strideBytes = slotBytes + 576
/** struct sockaddr_in6, and its 28 bytes rounded up. */
const nameBytes = 32
// struct mmsghdr: msg_name, msg_namelen, msg_iov, msg_iovlen, (msg_control, msg_controllen, msg_flags: nought), msg_len; struct iovec.
const headerBytes = 64
const iovecBytes = 16

/** What one recvmmsg(2) took: datagram i is `bytes[offsets[i], offsets[i] + length(i))`. */
export interface ReceivedDatagrams {
  /** The memory that the kernel writes datagrams to, and after `spareFrom` the caller's own. */
  readonly bytes: Uint8Array
  readonly spareFrom: number
  readonly offsets: Uint32Array
  /** struct sockaddr of datagram i, in the 32-bit words from `nameWords * i` on. */
  readonly names: Uint32Array
  length(i: number): number
}

export const nameWords = nameBytes / 4

export interface ReceiveCalls {
  readonly received: ReceivedDatagrams
  /** Waits until one of the descriptors can be read: for ever if need be, or so long. */
  wait(set: PollSet, timeoutMs?: number): void
  /** Takes what the socket holds, up to the number of slots, and answers how many datagrams that were: 0 where there is none. */
  receive(fd: number): number
  /** Empties an eventfd(2). */
  silence(fd: number): void
}

/** Descriptors to wait for: an array of struct pollfd. */
export class PollSet {
  readonly bytes: Buffer
  readonly fds: readonly number[]

  constructor(fds: readonly number[]) {
    this.fds = fds
    this.bytes = Buffer.allocUnsafeSlow(8 * fds.length)
    fds.forEach((fd, i) => {
      this.bytes.writeInt32LE(fd, 8 * i)
      this.bytes.writeInt32LE(POLLIN, 8 * i + 4)
    })
  }

  /** Readable, or in an error that reading will tell: as of the last `wait`. */
  ready(i: number): boolean {
    return this.bytes.readInt16LE(8 * i + 6) !== 0
  }
}

/**
 * poll(2) and recvmmsg(2) into `slots` slots that hold any datagram each. They are reserved once and only touched as far as datagrams are long.
 * The kernel knows their addresses, so what is returned here must stay referenced as long as it is called.
 */
export function receiveCalls(libc: Libc, koffi: Koffi, slots: number, spareBytes: number): ReceiveCalls {
  const poll = libc.func('int poll(void *fds, unsigned long count, int timeoutMs)')
  const recvmmsg = libc.func('int recvmmsg(int fd, void *messages, unsigned int count, int flags, void *timeout)')
  const read = libc.func('intptr_t read(int fd, void *bytes, size_t count)')
  const { EINTR, EAGAIN } = koffi.os.errno

  const spareFrom = slots * strideBytes
  const bytes = Buffer.allocUnsafeSlow(spareFrom + spareBytes)
  const offsets = Uint32Array.from({ length: slots }, (_, i) => i * strideBytes)
  const names = Buffer.alloc(slots * nameBytes)
  const headers = Buffer.alloc(slots * (headerBytes + iovecBytes))
  const at = { bytes: koffi.address(bytes), names: koffi.address(names), headers: koffi.address(headers) }
  for (let i = 0; i < slots; i++) {
    const header = i * headerBytes
    const iovec = slots * headerBytes + i * iovecBytes
    headers.writeBigUInt64LE(at.names + BigInt(i * nameBytes), header)
    headers.writeUInt32LE(sockaddrBytes, header + 8)
    headers.writeBigUInt64LE(at.headers + BigInt(iovec), header + 16)
    headers.writeBigUInt64LE(1n, header + 24)
    headers.writeBigUInt64LE(at.bytes + BigInt(i * strideBytes), iovec)
    headers.writeBigUInt64LE(BigInt(slotBytes), iovec + 8)
  }
  const words = new Uint32Array(headers.buffer, headers.byteOffset, headers.length / 4)
  const drained = Buffer.alloc(8)
  return {
    received: {
      bytes,
      spareFrom,
      offsets,
      names: new Uint32Array(names.buffer, names.byteOffset, names.length / 4),
      length: (i) => words[(i * headerBytes + 56) / 4] as number,
    },
    wait(set, timeoutMs = -1) {
      while (poll(set.bytes, set.fds.length, timeoutMs) < 0) if (koffi.errno() !== EINTR) throw systemError(koffi, 'poll')
    },
    receive(fd) {
      for (;;) {
        const count = recvmmsg(fd, headers, slots, MSG_DONTWAIT, null) as number
        // The kernel has written how long each name is where it reads how long it may be.
        for (let i = 0; i < count; i++) words[(i * headerBytes + 8) / 4] = sockaddrBytes
        if (count >= 0) return count
        const error = koffi.errno()
        if (error === EAGAIN) return 0
        if (error !== EINTR) throw systemError(koffi, 'recvmmsg')
      }
    },
    silence: (fd) => void read(fd, drained, drained.length),
  }
}
