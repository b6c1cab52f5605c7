import type { Origin } from '../core/batch.ts'
import { decodeSockaddr, ipv4Key } from '../native/sockaddr.ts'
import { peerAddress } from './peer-address.ts'

export interface UdpPeer {
  readonly origin: Origin
  readonly allowed: boolean
}

/** One Origin for each address and port that sends, so that a datagram costs no object. Forgets all of them when full. */
export class UdpOrigins {
  readonly #allowed: (address: string) => boolean
  readonly #capacity: number
  readonly #byKey = new Map<string | number, UdpPeer>()

  constructor(allowed: (address: string) => boolean, capacity = 4096) {
    this.#allowed = allowed
    this.#capacity = capacity
  }

  of(address: string, port: number): UdpPeer {
    const key = `${port} ${address}`
    return this.#byKey.get(key) ?? this.#add(key, address, port)
  }

  /** By the words of a struct sockaddr: IPv4 peers, a dual-stack socket's included, without any text being made. */
  ofSockaddr(words: Uint32Array): UdpPeer {
    const key = ipv4Key(words)
    const known = key === undefined ? undefined : this.#byKey.get(key)
    if (known !== undefined) return known
    const { address, port } = decodeSockaddr(Buffer.from(words.buffer, words.byteOffset, words.byteLength))
    return key === undefined ? this.of(address, port) : this.#add(key, address, port)
  }

  #add(key: string | number, address: string, port: number): UdpPeer {
    if (this.#byKey.size >= this.#capacity) this.#byKey.clear()
    const peer = peerAddress(address)
    const found = { origin: { peer, port, transport: 'udp' }, allowed: this.#allowed(peer) } as const
    this.#byKey.set(key, found)
    return found
  }
}
