import type { ProxiedAddress, ProxyInfo } from '../core/batch.ts'
import { type ProxyHeader, readProxyHeader } from './proxy-header.ts'
import { type MalformedHeader, malformed } from './proxy-reading.ts'

/** What the headers say that were believed. */
export interface ProxyChain {
  /** Bytes of all of them. What follows is the connection's own. */
  readonly length: number
  readonly headers: number
  /** The true client; absent where the headers name none (LOCAL, UNKNOWN, UNIX sockets). */
  readonly client?: ProxiedAddress
  /** Present when there was a header. Destination and each TLV are those of the innermost header that has them. */
  readonly info?: ProxyInfo
  /**
   * The headers are complete, no byte follows them, and the client they name is trusted: its own header may come yet.
   * Nobody needs to wait for it, since a health check or a silent client has nothing more to say; but who has not used the
   * chain when more bytes come should read it again, from the first byte of the connection.
   */
  readonly mayContinue: boolean
}

export type ChainReading =
  /** `chain`: what is known before the bytes that need more of them. `undecided`: these are data if nothing more comes, else a part of a header. */
  | { readonly kind: 'more'; readonly undecided: boolean; readonly chain: ProxyChain }
  | MalformedHeader
  | { readonly kind: 'chain'; readonly chain: ProxyChain }

const maxHeaders = 8

/**
 * Reads all headers at the beginning of a connection, at most 8. Each load balancer on the way puts its header before what it
 * receives (AWS' guide to the Network Load Balancer says so), so the first is that of `peer`, who speaks to us and is trusted
 * already. A further one is believed only where the source of the one before it is trusted; otherwise it is data. After LOCAL
 * too there is only data, and whoever was known to speak stays the client.
 *
 * `isTrusted` says whether an address may send headers. No header at all is a chain of 0 headers.
 */
export function readProxyChain(bytes: Buffer, peer: string, isTrusted: (address: string) => boolean): ChainReading {
  let chain: ProxyChain = { length: 0, headers: 0, mayContinue: true }
  while (chain.mayContinue && (chain.headers === 0 || chain.length < bytes.length)) {
    const reading = readProxyHeader(bytes.subarray(chain.length))
    if (reading.kind === 'malformed') return reading
    if (reading.kind === 'more') return { ...reading, chain }
    if (reading.kind === 'header' && chain.headers === maxHeaders) return malformed(`more than ${maxHeaders} headers in a row`)
    chain = reading.kind === 'none' ? { ...chain, mayContinue: false } : extended(chain, reading, peer, isTrusted)
  }
  return { kind: 'chain', chain }
}

function extended(
  chain: ProxyChain,
  { length, header }: { readonly length: number; readonly header: ProxyHeader },
  peer: string,
  isTrusted: (address: string) => boolean,
): ProxyChain {
  const { source, destination, tlvs } = header
  return {
    ...chain,
    ...(source && { client: source }),
    length: chain.length + length,
    headers: chain.headers + 1,
    info: { peer, ...chain.info, ...(destination && { destination }), ...tlvs },
    mayContinue: source !== undefined && isTrusted(source.address),
  }
}
