import { isIPv4 } from 'node:net'
import { networkInterfaces } from 'node:os'

/** Linux' address families, <sys/socket.h>. */
export const AF_INET = 2
export const AF_INET6 = 10
/** struct sockaddr_in6, the longer of the two. */
export const sockaddrBytes = 28
export const sockaddrWords = sockaddrBytes / 4

/** Bytes 8 to 11 of an IPv4-mapped IPv6 address: 00 00 ff ff, read as a little-endian word. */
const mappedWord = 0xffff_0000

/** struct sockaddr_in (ip(7)) or sockaddr_in6 (ipv6(7)). Node.js runs on little-endian machines alone where we do. */
export function encodeSockaddr(address: string, port: number): Buffer {
  if (isIPv4(address)) {
    const out = Buffer.alloc(16)
    out.writeUInt16LE(AF_INET, 0)
    out.writeUInt16BE(port, 2)
    out.set(address.split('.').map(Number), 4)
    return out
  }
  const [bare = '', zone] = address.split('%', 2)
  const out = Buffer.alloc(sockaddrBytes)
  out.writeUInt16LE(AF_INET6, 0)
  out.writeUInt16BE(port, 2)
  // The URL parser normalizes to eight groups' worth of hexadecimal (RFC 5952), also where the end is written as IPv4.
  groups(new URL(`http://[${bare}]`).hostname.slice(1, -1)).forEach((group, i) => void out.writeUInt16BE(group, 8 + 2 * i))
  out.writeUInt32LE(zone === undefined ? 0 : scopeId(zone), 24)
  return out
}

/** The address and port of a struct sockaddr, the address as the kernel's peers write it; the zone of a link-local one by its interface's name. */
export function decodeSockaddr(bytes: Buffer): { address: string; port: number } {
  const port = bytes.readUInt16BE(2)
  if (bytes.readUInt16LE(0) === AF_INET) return { address: bytes.subarray(4, 8).join('.'), port }
  if (isMapped(bytes)) return { address: `::ffff:${bytes.subarray(20, 24).join('.')}`, port }
  const text = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(8 + 2 * i).toString(16)).join(':')
  const address = new URL(`http://[${text}]`).hostname.slice(1, -1)
  const scope = bytes.readUInt32LE(24)
  return { address: scope === 0 ? address : `${address}%${interfaceName(scope)}`, port }
}

/** One number for each IPv4 address and port, an IPv4-mapped IPv6 address being the same; undefined for other IPv6 addresses. */
export function ipv4Key(words: Uint32Array): number | undefined {
  const first = words[0] as number
  const port = first >>> 16
  if ((first & 0xffff) === AF_INET) return (words[1] as number) * 65_536 + port
  const mapped = words[2] === 0 && words[3] === 0 && words[4] === mappedWord
  return mapped ? (words[5] as number) * 65_536 + port : undefined
}

/** An IPv4 peer as a dual-stack socket shows it: ::ffff:0:0/96 (RFC 4291 2.5.5.2). */
function isMapped(bytes: Buffer): boolean {
  return bytes.readBigUInt64LE(8) === 0n && bytes.readUInt32LE(16) === mappedWord
}

function groups(text: string): number[] {
  const [head = [], tail = []] = text
    .split('::')
    .map((part) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16))))
  return text.includes('::') ? [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail] : head
}

/** A number is taken as it is, as getaddrinfo(3) does; an unknown name is 0, which bind(2) refuses for link-local addresses. */
function scopeId(zone: string): number {
  if (/^\d+$/.test(zone)) return Number(zone)
  // Global addresses have the scope 0.
  return networkInterfaces()[zone]?.find(({ scopeid }) => scopeid)?.scopeid ?? 0
}

function interfaceName(scope: number): string {
  const found = Object.entries(networkInterfaces()).find(([, all]) => all?.some((one) => one.scopeid === scope))
  return found?.[0] ?? String(scope)
}
