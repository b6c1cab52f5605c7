import type { Origin } from '../core/batch.ts'
import { peerAddress } from './peer-address.ts'

export interface UdpPeer {
  readonly origin: Origin
  readonly allowed: boolean
}

/** One Origin for each address and port that sends, so that a datagram costs no object. Forgets all of them when full. */
export class UdpOrigins {
  readonly #allowed: (address: string) => boolean
  readonly #capacity: number
  readonly #peers = new Map<string, Map<number, UdpPeer>>()
  #size = 0

  constructor(allowed: (address: string) => boolean, capacity = 4096) {
    this.#allowed = allowed
    this.#capacity = capacity
  }

  of(address: string, port: number): UdpPeer {
    return this.#peers.get(address)?.get(port) ?? this.#add(address, port)
  }

  #add(address: string, port: number): UdpPeer {
    if (this.#size >= this.#capacity) {
      this.#peers.clear()
      this.#size = 0
    }
    const peer = peerAddress(address)
    const found = { origin: { peer, port, transport: 'udp' }, allowed: this.#allowed(peer) } as const
    const ports = this.#peers.get(address)
    if (ports === undefined) this.#peers.set(address, new Map([[port, found]]))
    else ports.set(port, found)
    this.#size++
    return found
  }
}
