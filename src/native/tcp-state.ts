import type { RelayError } from '../core/errors.ts'
import { withLibc } from './koffi.ts'

/** What the kernel knows about the other side of a TCP connection. Bytes of TCP's payload: TLS records where there is TLS. */
export interface TcpState {
  /** Given to the kernel and not acknowledged by the peer's, sent or not. */
  readonly unacked: number
  /** Acknowledged since the connection began. */
  readonly acked: number
  /** How much more than that the peer's kernel takes, as it last said. */
  readonly window: number
  /** The peer's window scale (RFC 7323): no window of its is larger than 65,535 << scale. */
  readonly scale: number
  /** How long ago the peer's kernel last said anything, milliseconds. */
  readonly heardMsAgo: number
}

/** The state of the connection with this file descriptor, or undefined when the kernel does not tell. */
export type ReadTcpState = (fd: number) => TcpState | undefined

// Linux, the same on x64 and arm64: tcp(7), ioctl_list(2), <linux/tcp.h>.
const SIOCOUTQ = 0x5411
const IPPROTO_TCP = 6
const TCP_INFO = 11
/** Offsets in struct tcp_info. A kernel gives as much of it as it knows; tcpi_snd_wnd came last of these, with Linux 5.4. */
const offsetOf = { windowScales: 6, lastAckReceived: 56, bytesAcked: 120, sendWindow: 228 }
const neededBytes = offsetOf.sendWindow + 4

/** Undefined where the C library cannot be called; `onError` hears why. */
export function bindTcpState(onError?: (error: RelayError) => void): ReadTcpState | undefined {
  if (process.platform !== 'linux') return undefined
  return withLibc<ReadTcpState | undefined>(
    (libc) => {
      const ioctl = libc.func('int ioctl(int fd, unsigned long request, void *argument)')
      const getsockopt = libc.func('int getsockopt(int fd, int level, int name, void *value, void *length)')
      // Filled by each call and read before the next: both calls return at once.
      const queued = Buffer.alloc(4)
      const info = Buffer.alloc(256)
      const length = Buffer.alloc(4)
      return (fd) => {
        length.writeUInt32LE(info.length)
        // The queue first: what is acknowledged between the two calls then counts twice, and a position on the wire made of
        // their sum lies a little late rather than early.
        if (ioctl(fd, SIOCOUTQ, queued) !== 0 || getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, length) !== 0) return undefined
        if (length.readUInt32LE() < neededBytes) return undefined
        return {
          unacked: queued.readInt32LE(),
          acked: Number(info.readBigUInt64LE(offsetOf.bytesAcked)),
          window: info.readUInt32LE(offsetOf.sendWindow),
          scale: info.readUInt8(offsetOf.windowScales) & 0x0f,
          heardMsAgo: info.readUInt32LE(offsetOf.lastAckReceived),
        }
      }
    },
    undefined,
    onError,
  )
}
