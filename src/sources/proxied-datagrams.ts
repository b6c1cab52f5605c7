import { readProxyChain } from '../protocols/proxy-chain.ts'
import type { ProxyPolicy } from './proxy-opening.ts'
import type { UdpPeer } from './udp-origins.ts'

/** What a load balancer passed on. */
export interface ProxiedDatagram {
  readonly client: UdpPeer
  /** The datagram without its headers. */
  readonly text: Uint8Array
}

/** Clients that are remembered; beyond, all are forgotten. */
const maxClients = 4096

/**
 * Datagrams that begin with PROXY headers, as NGINX writes them before the first one of each of its sessions. There is no
 * connection that a header could hold for: one without belongs to whoever sent it, whatever `proxy_protocol` asks of TCP.
 */
export class ProxiedDatagrams {
  readonly #policy: ProxyPolicy
  readonly #allowed: (address: string) => boolean
  readonly #clients = new Map<string, UdpPeer>()

  constructor(policy: ProxyPolicy, allowed: (address: string) => boolean) {
    this.#policy = policy
    this.#allowed = allowed
  }

  /** Undefined: the datagram is its sender's own. */
  open(datagram: Uint8Array, { origin: { peer } }: UdpPeer): ProxiedDatagram | 'malformed' | undefined {
    if (!this.#policy.trusts(peer)) return undefined
    const reading = readProxyChain(Buffer.from(datagram.buffer, datagram.byteOffset, datagram.length), peer, this.#policy.trusts)
    if (reading.kind === 'malformed') return 'malformed'
    // "more": a datagram has no more than it has.
    if (reading.kind === 'more' || reading.chain.client === undefined) return undefined
    const { client, info, length } = reading.chain
    const key = JSON.stringify([client, info])
    const known = this.#clients.get(key)
    if (known !== undefined) return { client: known, text: datagram.subarray(length) }
    if (this.#clients.size >= maxClients) this.#clients.clear()
    const origin = { peer: client.address, port: client.port, transport: 'udp', ...(info && { proxy: info }) } as const
    const added = { origin, allowed: this.#allowed(client.address) }
    this.#clients.set(key, added)
    return { client: added, text: datagram.subarray(length) }
  }
}
