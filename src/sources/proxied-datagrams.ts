import type { ProxiedAddress, ProxyInfo } from '../core/batch.ts'
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
  readonly #trusted = new WeakMap<UdpPeer, boolean>()

  constructor(policy: ProxyPolicy, allowed: (address: string) => boolean) {
    this.#policy = policy
    this.#allowed = allowed
  }

  /** Undefined: the datagram is its sender's own. */
  open(datagram: Uint8Array, sender: UdpPeer): ProxiedDatagram | 'malformed' | undefined {
    if (!this.#trusts(sender)) return undefined
    const { peer } = sender.origin
    const reading = readProxyChain(Buffer.from(datagram.buffer, datagram.byteOffset, datagram.length), peer, this.#policy.trusts)
    if (reading.kind === 'malformed') return 'malformed'
    // "more": a datagram has no more than it has.
    if (reading.kind === 'more' || reading.chain.headers === 0) return undefined
    const { client, info, length } = reading.chain
    // LOCAL and UNKNOWN: the load balancer speaks for itself.
    return { client: client === undefined ? sender : this.#client(client, info), text: datagram.subarray(length) }
  }

  #client(client: ProxiedAddress, info: ProxyInfo | undefined): UdpPeer {
    const key = JSON.stringify([client, info])
    const known = this.#clients.get(key)
    if (known !== undefined) return known
    if (this.#clients.size >= maxClients) this.#clients.clear()
    const origin = { peer: client.address, port: client.port, transport: 'udp', ...(info && { proxy: info }) } as const
    const added = { origin, allowed: this.#allowed(client.address) }
    this.#clients.set(key, added)
    return added
  }

  /** Asked for each datagram, and known for each sender. */
  #trusts(sender: UdpPeer): boolean {
    let trusted = this.#trusted.get(sender)
    if (trusted === undefined) {
      trusted = this.#policy.trusts(sender.origin.peer)
      this.#trusted.set(sender, trusted)
    }
    return trusted
  }
}
