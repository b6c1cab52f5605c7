import koffi from 'koffi'
import { blockMessages, messageBytes, recordBytes } from './message-layout.ts'

// struct iovec { void *iov_base; size_t iov_len; } and struct mmsghdr { struct msghdr msg_hdr; unsigned int msg_len; },
// as 64-bit Linux lays them out (man 2 sendmmsg).
const iovecBytes = 16
const mmsghdrBytes = 64
const iovAt = 16
const iovlenAt = 24

const AF_INET = 2
const SOCK_DGRAM = 2

const libc = koffi.load(null)
const openSocket = libc.func('int socket(int domain, int type, int protocol)')
const connectSocket = libc.func('int connect(int fd, const void *address, uint32_t length)')
const closeSocket = libc.func('int close(int fd)')
const sendMany = libc.func('int sendmmsg(int fd, void *headers, unsigned int count, int flags)')

/**
 * Sends the messages of one block to a port of 127.0.0.1 as datagrams. By sendmmsg(2), which costs a tenth of what
 * node:dgram does, so that the sender is not the limit.
 */
export class DatagramSender {
  /** Messages in one call: so many arrive without a pause between them. */
  static readonly mostAtOnce = 64

  readonly #fd: number
  // The kernel reads block and vectors through addresses, so they have to live as long as the headers.
  readonly #memory: { readonly headers: Buffer; readonly vectors: Buffer; readonly block: Buffer }

  constructor(port: number, block: Buffer) {
    const vectors = Buffer.alloc(blockMessages * iovecBytes)
    const headers = Buffer.alloc(blockMessages * mmsghdrBytes)
    for (let i = 0; i < blockMessages; i++) {
      vectors.writeBigUInt64LE(koffi.address(block) + BigInt(i * recordBytes), i * iovecBytes)
      vectors.writeBigUInt64LE(BigInt(messageBytes), i * iovecBytes + 8)
      headers.writeBigUInt64LE(koffi.address(vectors) + BigInt(i * iovecBytes), i * mmsghdrBytes + iovAt)
      headers.writeBigUInt64LE(1n, i * mmsghdrBytes + iovlenAt)
    }
    this.#memory = { headers, vectors, block }
    this.#fd = openSocket(AF_INET, SOCK_DGRAM, 0) as number
    if (connectSocket(this.#fd, loopback(port), 16) !== 0) throw new Error(`no socket to UDP port ${port}: error ${koffi.errno()}`)
  }

  /** Sends `count` messages of the block, the first being `from`; waits in the kernel while its buffer is full. */
  send(from: number, count: number): void {
    for (let sent = 0; sent < count; ) {
      const done = sendMany(this.#fd, this.#memory.headers.subarray((from + sent) * mmsghdrBytes), count - sent, 0) as number
      if (done < 0) throw new Error(`sendmmsg failed: error ${koffi.errno()}`)
      sent += done
    }
  }

  close(): void {
    closeSocket(this.#fd)
  }
}

/** struct sockaddr_in (man 7 ip): the family in the machine's order, port and address in the network's. */
function loopback(port: number): Buffer {
  const address = Buffer.alloc(16)
  address.writeUInt16LE(AF_INET, 0)
  address.writeUInt16BE(port, 2)
  address.set([127, 0, 0, 1], 4)
  return address
}
