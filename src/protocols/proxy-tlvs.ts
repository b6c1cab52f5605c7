import type { ProxyInfo } from '../core/batch.ts'
import type { KeptTlvs } from './proxy-reading.ts'

/** PP2_TYPE_* and PP2_SUBTYPE_SSL_* of proxy-protocol.txt, 2.2; PP2_TYPE_AWS of the guide to AWS' Network Load Balancer. */
export const TlvType = {
  alpn: 0x01,
  authority: 0x02,
  crc32c: 0x03,
  uniqueId: 0x05,
  ssl: 0x20,
  sslVersion: 0x21,
  sslCommonName: 0x22,
  sslCipher: 0x23,
  aws: 0xea,
} as const

/** PP2_SUBTYPE_AWS_VPCE_ID, the first byte of the value. */
const awsVpcEndpointId = 0x01
/** Bits of pp2_tlv_ssl.client (2.2.6). */
const clientSsl = 0x01
const clientCertificate = 0x02 | 0x04
/** pp2_tlv_ssl: client and verify, before TLVs of its own. */
const sslFixedBytes = 5

/** Of a text as it was received. A host name has no more (RFC 1035, 2.3.4). */
const maxTextBytes = 255
/** "An opaque byte sequence of up to 128 bytes" (2.2.5). */
const maxUniqueIdBytes = 128

export interface Tlv {
  readonly type: number
  /** A view. */
  readonly value: Buffer
}

/** The type-length-value vectors that `bytes` is made of; undefined when the last one would end behind them. */
export function splitTlvs(bytes: Buffer): Tlv[] | undefined {
  const tlvs: Tlv[] = []
  for (let at = 0; at < bytes.length; ) {
    const from = at + 3
    if (from > bytes.length) return undefined
    const to = from + bytes.readUInt16BE(at + 1)
    if (to > bytes.length) return undefined
    tlvs.push({ type: bytes[at] as number, value: bytes.subarray(from, to) })
    at = to
  }
  return tlvs
}

/** What is kept of them, of each type the first; undefined when the TLVs within PP2_TYPE_SSL do not fit into it. */
export function keptTlvs(tlvs: readonly Tlv[]): KeptTlvs | undefined {
  if (tlvs.length === 0) return {}
  const tls = readTls(first(tlvs, TlvType.ssl))
  if (tls === undefined) return undefined
  const endpoint = tlvs.find(({ type, value }) => type === TlvType.aws && value[0] === awsVpcEndpointId)
  return {
    ...text('vpcEndpointId', endpoint?.value.subarray(1)),
    ...text('alpn', first(tlvs, TlvType.alpn)),
    ...text('authority', first(tlvs, TlvType.authority)),
    ...uniqueId(first(tlvs, TlvType.uniqueId)),
    ...tls,
  }
}

function first(tlvs: readonly Tlv[], wanted: number): Buffer | undefined {
  return tlvs.find(({ type }) => type === wanted)?.value
}

/** Empty where the load balancer says that the client came without TLS, or nothing at all. */
function readTls(value: Buffer | undefined): Pick<ProxyInfo, 'tls'> | undefined {
  if (value === undefined) return {}
  const within = value.length < sslFixedBytes ? undefined : splitTlvs(value.subarray(sslFixedBytes))
  if (within === undefined) return undefined
  const client = value[0] as number
  if ((client & clientSsl) === 0) return {}
  return {
    tls: {
      ...text('version', first(within, TlvType.sslVersion)),
      ...text('cipher', first(within, TlvType.sslCipher)),
      ...text('commonName', first(within, TlvType.sslCommonName)),
      // HAProxy passes on what OpenSSL says, and that is 0 as well where there was no certificate.
      verified: (client & clientCertificate) !== 0 && value.readUInt32BE(1) === 0,
    },
  }
}

/** A part of it would identify nothing, so one that is too long is left out. */
function uniqueId(value: Buffer | undefined): { uniqueId?: string } {
  return value === undefined || value.length === 0 || value.length > maxUniqueIdBytes ? {} : { uniqueId: value.toString('hex') }
}

/** It goes into logs and messages: what controls a terminal or ends a line becomes U+FFFD, as bytes do that are no UTF-8. */
function text<Name extends string>(name: Name, value: Buffer | undefined): { [key in Name]?: string } {
  if (value === undefined || value.length === 0) return {}
  const clean = value.toString('utf8', 0, cut(value)).replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '\ufffd')
  return { [name]: clean } as { [key in Name]?: string }
}

/** Where at most `maxTextBytes` end, not within a character. */
function cut(value: Buffer): number {
  let end = Math.min(value.length, maxTextBytes)
  while (end < value.length && end > maxTextBytes - 3 && ((value[end] as number) & 0xc0) === 0x80) end--
  return end
}
