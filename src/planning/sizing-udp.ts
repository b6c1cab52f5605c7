/** A pause in reading that a receive buffer has to last for: a collection of the heap, a thread that got no processor. */
export const udpPauseMs = 100

// sizeof(struct sk_buff) and of struct skb_shared_info as SKB_TRUESIZE of linux/skbuff.h counts them, on 64-bit Linux.
const skBuffBytes = 256
const sharedInfoBytes = 320
/** Link, IP and UDP headers and the room that is kept before them. */
const headerBytes = 64
/** Network cards receive each packet into half a page of 4 KiB. */
const halfPageBytes = 2048

/**
 * How much of `receive_buffer` a datagram of so many bytes takes. The kernel charges a socket what the packet occupies (its
 * truesize): the sk_buff, and a power of two that holds headers, data and skb_shared_info; from a network card half a page at
 * least. It allows twice SO_RCVBUF (socket(7)), so half of that counts. Over loopback 300 bytes take 640, from a card 1,152.
 */
export function datagramBufferBytes(messageBytes: number): number {
  const dataBytes = 2 ** Math.ceil(Math.log2(messageBytes + headerBytes + sharedInfoBytes))
  return (skBuffBytes + Math.max(halfPageBytes, dataBytes)) / 2
}

/** The receive buffer of each of a port's `sockets` that lasts for `udpPauseMs` at so many datagrams a second, in whole MiB. */
export function receiveBufferBytes(messagesPerSecond: number, messageBytes: number, sockets: number): number {
  const bytes = (messagesPerSecond * (udpPauseMs / 1000) * datagramBufferBytes(messageBytes)) / sockets
  return Math.ceil(bytes / 2 ** 20) * 2 ** 20
}
