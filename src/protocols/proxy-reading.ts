import type { ProxiedAddress, ProxyInfo } from '../core/batch.ts'

/** What the TLVs of version 2 say that is kept; a key is there only where there is a value. */
export type KeptTlvs = Pick<ProxyInfo, 'vpcEndpointId' | 'alpn' | 'authority' | 'uniqueId' | 'tls'>

/** One header of the PROXY protocol (HAProxy's proxy-protocol.txt). */
export interface ProxyHeader {
  readonly version: 1 | 2
  /** `local`: the proxy speaks for itself, as in health checks: the connection's own addresses hold. So does `UNKNOWN` in version 1. */
  readonly command: 'proxy' | 'local'
  /** Absent with `local`, and where the client came by something else than IP. */
  readonly source?: ProxiedAddress
  /** Where the client connected to. */
  readonly destination?: ProxiedAddress
  readonly tlvs: KeptTlvs
}

export interface MalformedHeader {
  readonly kind: 'malformed'
  /** For logs: never holds bytes that were received. */
  readonly why: string
}

export type ProxyReading =
  /** These bytes begin no header. */
  | { readonly kind: 'none' }
  /** They may. `undecided`: what there is may as well be data, and is if nothing follows; otherwise a header has begun for certain. */
  | { readonly kind: 'more'; readonly undecided: boolean }
  /** They begin as a header does (`PROXY `, or the signature of version 2), and are none. */
  | MalformedHeader
  /** `length`: bytes of the header; what follows is the connection's own. */
  | { readonly kind: 'header'; readonly length: number; readonly header: ProxyHeader }

/** A header has begun, and is not here as a whole. */
export const incomplete: ProxyReading = { kind: 'more', undecided: false }

export function malformed(why: string): MalformedHeader {
  return { kind: 'malformed', why }
}
