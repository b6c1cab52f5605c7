import type { SourceConfig } from '../config/schema.ts'
import { type ProxyChain, readProxyChain } from '../protocols/proxy-chain.ts'
import { allowList } from './peer-address.ts'

/** Whose PROXY headers a source believes, and whether it insists on them. */
export interface ProxyPolicy {
  readonly required: boolean
  trusts(address: string): boolean
}

/** Undefined where the source reads no PROXY headers. */
export function proxyPolicy({ proxy_protocol, trusted_proxies }: SourceConfig): ProxyPolicy | undefined {
  // Without networks nobody is trusted: an empty list would be everybody.
  if (proxy_protocol === 'off' || trusted_proxies === undefined) return undefined
  return { required: proxy_protocol === 'required', trusts: allowList(trusted_proxies) }
}

export type ProxyOpeningStep =
  /** Nothing can be said yet. `pressing`: a header has begun, and should not take long. */
  | { readonly kind: 'more'; readonly pressing: boolean }
  | { readonly kind: 'missing' }
  | { readonly kind: 'malformed'; readonly why: string }
  /** `rest` are the connection's own bytes, good until the next event. */
  | { readonly kind: 'done'; readonly chain: ProxyChain; readonly rest: Buffer }

const nothing = Buffer.alloc(0)
const noHeader: ProxyChain = { length: 0, headers: 0, mayContinue: false }

/** The beginning of one connection that may bring PROXY headers, in as many pieces as it likes. */
export class ProxyOpening {
  readonly #peer: string
  readonly #policy: ProxyPolicy
  readonly #trusted: boolean
  /** Everything read so far: bounded by the longest header that is accepted. */
  #bytes = nothing

  constructor(peer: string, policy: ProxyPolicy) {
    this.#peer = peer
    this.#policy = policy
    this.#trusted = policy.trusts(peer)
  }

  /** The first byte, or more of them. */
  push(chunk: Buffer): ProxyOpeningStep {
    if (!this.#trusted) return this.#policy.required ? { kind: 'missing' } : this.#done(noHeader, chunk)
    const bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
    const reading = readProxyChain(bytes, this.#peer, this.#policy.trusts)
    if (reading.kind === 'malformed') return reading
    if (reading.kind === 'more' || (reading.chain.mayContinue && reading.chain.length === bytes.length)) {
      this.#bytes = Buffer.from(bytes)
      return { kind: 'more', pressing: reading.kind === 'more' }
    }
    return this.#done(reading.chain, bytes)
  }

  /** Nothing more comes: what was read and is no header is the connection's own. Undefined where nothing was read. */
  end(): ProxyOpeningStep | undefined {
    if (this.#bytes.length === 0) return undefined
    const reading = readProxyChain(this.#bytes, this.#peer, this.#policy.trusts)
    if (reading.kind === 'malformed') return reading
    if (reading.kind === 'more' && !reading.undecided) return { kind: 'malformed', why: 'it ends inside a header' }
    return this.#done(reading.chain, this.#bytes)
  }

  #done(chain: ProxyChain, bytes: Buffer): ProxyOpeningStep {
    const rest = bytes.subarray(chain.length)
    return chain.headers === 0 && this.#policy.required ? { kind: 'missing' } : { kind: 'done', chain, rest }
  }
}
