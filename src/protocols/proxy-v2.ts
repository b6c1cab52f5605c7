import { crc32c } from '../batch/crc32c.ts'
import type { ProxiedAddress } from '../core/batch.ts'
import { formatIpv4, formatIpv6 } from './proxy-address.ts'
import { incomplete, malformed, type ProxyHeader, type ProxyReading } from './proxy-reading.ts'
import { keptTlvs, splitTlvs, type Tlv, TlvType } from './proxy-tlvs.ts'

export const v2Signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')

/** Signature, version and command, family and transport, length. */
const fixedBytes = 16
/** What may follow them. The protocol allows 65,535 bytes, and says that a header fits into a TCP segment. */
const maxBlockBytes = 4096

const LOCAL = 0
const PROXY = 1
const AF_UNSPEC = 0
const AF_INET = 1
const AF_INET6 = 2
const UNSPEC = 0
const DGRAM = 2

/** Bytes of two addresses and two ports, by family: unspecified, IPv4, IPv6; of two paths: UNIX sockets. */
const addressBytes = [0, 12, 36, 216]

/** Reads a header of version 2 (proxy-protocol.txt, 2.2), whose signature is there. */
export function readProxyV2(bytes: Buffer): ProxyReading {
  const why = faultInFixedPart(bytes)
  if (why !== undefined) return malformed(why)
  if (bytes.length < fixedBytes) return incomplete
  const length = fixedBytes + bytes.readUInt16BE(14)
  if (bytes.length < length) return incomplete
  const header = readBlock(bytes.subarray(0, length))
  return 'why' in header ? header : { kind: 'header', length, header }
}

/** As far as the bytes are there: what stands before the block is judged at once. */
function faultInFixedPart(bytes: Buffer): string | undefined {
  const [versionAndCommand, familyAndTransport] = bytes.subarray(12, 14)
  if (versionAndCommand === undefined) return undefined
  const command = versionAndCommand & 0xf
  if (versionAndCommand >> 4 !== 2) return `there is no version ${versionAndCommand >> 4}`
  if (command > PROXY) return `there is no command ${command}`
  if (familyAndTransport === undefined) return undefined
  const family = familyAndTransport >> 4
  const transport = familyAndTransport & 0xf
  // LOCAL: "discard the protocol block including the family which is ignored".
  if (command === PROXY && family >= addressBytes.length) return `there is no address family ${family}`
  if (command === PROXY && transport > DGRAM) return `there is no transport ${transport}`
  if (bytes.length < fixedBytes) return undefined
  const blockBytes = bytes.readUInt16BE(14)
  if (blockBytes > maxBlockBytes) return `${blockBytes} bytes after the first ${fixedBytes} are more than ${maxBlockBytes}`
  if (command === PROXY && blockBytes < (addressBytes[family] as number)) return `${blockBytes} bytes are too few for its addresses`
  return undefined
}

function readBlock(header: Buffer): ProxyHeader | ReturnType<typeof malformed> {
  // Whatever the block holds: HAProxy's health checks bring addresses and TLVs, those of AWS neither or TLVs alone.
  if (((header[12] as number) & 0xf) === LOCAL) return { version: 2, command: 'local', tlvs: {} }
  const family = (header[13] as number) >> 4
  const split = splitTlvs(header.subarray(fixedBytes + (addressBytes[family] as number)))
  // AF_UNSPEC: HAProxy sends TLVs; others may put there what they know of the addresses, in a form of their own.
  if (split === undefined && family !== AF_UNSPEC) return malformed('a TLV does not end in the header')
  const found = split ?? []
  if (!checksumHolds(header, found)) return malformed('the checksum is wrong')
  const tlvs = keptTlvs(found)
  if (tlvs === undefined) return malformed('what it says about TLS does not end in its TLV')
  return { version: 2, command: 'proxy', ...addresses(header), tlvs }
}

function addresses(header: Buffer): { source?: ProxiedAddress; destination?: ProxiedAddress } {
  const family = (header[13] as number) >> 4
  const transport = (header[13] as number) & 0xf
  if (transport === UNSPEC || (family !== AF_INET && family !== AF_INET6)) return {}
  const size = family === AF_INET ? 4 : 16
  const format = family === AF_INET ? formatIpv4 : formatIpv6
  const [first, second, ports] = [0, 1, 2].map((i) => fixedBytes + i * size) as [number, number, number]
  return {
    source: { address: format(header.subarray(first, second)), port: header.readUInt16BE(ports) },
    destination: { address: format(header.subarray(second, ports)), port: header.readUInt16BE(ports + 2) },
  }
}

/** "Replace the 32 bits of the checksum field with all '0's and calculate a CRC32c checksum value of the whole PROXY header." (2.2.3) */
function checksumHolds(header: Buffer, tlvs: readonly Tlv[]): boolean {
  const checksum = tlvs.find(({ type }) => type === TlvType.crc32c)?.value
  if (checksum === undefined) return true
  if (checksum.length !== 4) return false
  const zeroed = Buffer.from(header)
  const at = checksum.byteOffset - header.byteOffset
  zeroed.fill(0, at, at + 4)
  return crc32c(zeroed) === checksum.readUInt32BE(0)
}
