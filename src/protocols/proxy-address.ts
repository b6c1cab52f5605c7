import ipaddr from 'ipaddr.js'

/** An IPv4 address in its one form, four numbers without leading zeros; undefined otherwise. */
export function readIpv4(text: string): string | undefined {
  return ipaddr.IPv4.isValidFourPartDecimal(text) ? text : undefined
}

/** An IPv6 address without a zone, as RFC 5952 writes it; an IPv4-mapped one as IPv4. */
export function readIpv6(text: string): string | undefined {
  // The URL parser, since ipaddr.js takes `::ffff:01.2.3.4`, and `::1.2.3.4` for IPv4-mapped.
  const url = `http://[${text}]`
  return /^[\da-f:.]+$/i.test(text) && URL.canParse(url) ? unmapped(new URL(url).hostname.slice(1, -1)) : undefined
}

export function readIp(text: string): string | undefined {
  return readIpv4(text) ?? readIpv6(text)
}

/** `bytes` in network order. */
export function formatIpv4(bytes: Buffer): string {
  return bytes.join('.')
}

/** `bytes` in network order; the form is that of `readIpv6`. */
export function formatIpv6(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16))
  return readIpv6(groups.join(':')) as string
}

/** ::ffff:0:0/96 (RFC 4291, 2.5.5.2): no other address is written so with two groups behind it. */
const mapped = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/

function unmapped(address: string): string {
  const groups = mapped.exec(address)?.slice(1)
  return groups === undefined ? address : groups.flatMap((group) => octets(Number.parseInt(group, 16))).join('.')
}

function octets(group: number): [number, number] {
  return [group >> 8, group & 0xff]
}
