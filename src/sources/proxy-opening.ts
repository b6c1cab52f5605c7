import type { ListeningSourceConfig } from '../config/schema.ts'
import { type ProxyChain, readProxyChain } from '../protocols/proxy-chain.ts'
import { allowList } from './peer-address.ts'

/** Whose PROXY headers a source believes, and whether it insists on them. */
export interface ProxyPolicy {
  readonly required: boolean
  trusts(address: string): boolean
}

/** Undefined where the source reads no PROXY headers. */
export function proxyPolicy({ proxy_protocol, trusted_proxies }: ListeningSourceConfig): ProxyPolicy | undefined {
  // Without networks nobody is trusted: an empty list would be everybody.
  if (proxy_protocol === 'off' || trusted_proxies === undefined) return undefined
  return { required: proxy_protocol === 'required', trusts: allowList(trusted_proxies) }
}

export type ProxyDecision =
  | { readonly kind: 'missing' }
  | { readonly kind: 'malformed'; readonly why: string }
  /** `rest` are the connection's own bytes, good until the next event. */
  | { readonly kind: 'done'; readonly chain: ProxyChain; readonly rest: Buffer }

/** `pressing`: a header has begun, and should not take long. */
type Step = { readonly kind: 'more'; readonly pressing: boolean } | ProxyDecision

export interface ProxyOpeningEvents {
  /** Once, and nothing is to be pushed afterwards. */
  readonly onDecision: (decision: ProxyDecision) => void
  /** The connection is not read at present, so what is late is not the peer's fault. */
  readonly paused: () => boolean
}

const nothing = Buffer.alloc(0)
const noHeader: ProxyChain = { length: 0, headers: 0, mayContinue: false }

/** The beginning of one connection that may bring PROXY headers, in as many pieces as it likes. */
export class ProxyOpening {
  readonly #peer: string
  readonly #policy: ProxyPolicy
  readonly #trusted: boolean
  readonly #timeoutMs: number
  /** Everything read so far: bounded by the longest header that is accepted. */
  #bytes = nothing
  #events: ProxyOpeningEvents | undefined
  #timer: NodeJS.Timeout | undefined

  /** A header that has begun is to be there after `timeoutMs`. */
  constructor(peer: string, policy: ProxyPolicy, timeoutMs: number) {
    this.#peer = peer
    this.#policy = policy
    this.#trusted = policy.trusts(peer)
    this.#timeoutMs = timeoutMs
  }

  /** Before the first byte. */
  begin(events: ProxyOpeningEvents): void {
    this.#events = events
    // It may be a health check: nothing else can come of it, and no limit of its own would end it.
    if (!this.#trusted && this.#policy.required) this.#press()
  }

  /** The first byte, or more of them. */
  push(chunk: Buffer): void {
    const step = this.#read(chunk)
    if (step.kind !== 'more') this.#decide(step)
    else if (step.pressing) this.#press()
    else this.#relax()
  }

  /** Nothing more comes: what was read and is no header is the connection's own. Nothing is decided where nothing was read. */
  end(): void {
    this.#relax()
    if (this.#bytes.length > 0) this.#decide(this.#last())
  }

  #decide(decision: ProxyDecision): void {
    this.#relax()
    this.#events?.onDecision(decision)
  }

  #press(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      if (this.#events?.paused()) this.#press()
      else this.#decide(this.#bytes.length > 0 ? this.#last() : { kind: 'missing' })
    }, this.#timeoutMs)
  }

  #relax(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #read(chunk: Buffer): Step {
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

  #last(): ProxyDecision {
    const reading = readProxyChain(this.#bytes, this.#peer, this.#policy.trusts)
    if (reading.kind === 'malformed') return reading
    if (reading.kind === 'more' && !reading.undecided) return { kind: 'malformed', why: 'it ends inside a header' }
    return this.#done(reading.chain, this.#bytes)
  }

  #done(chain: ProxyChain, bytes: Buffer): ProxyDecision {
    const rest = bytes.subarray(chain.length)
    return chain.headers === 0 && this.#policy.required ? { kind: 'missing' } : { kind: 'done', chain, rest }
  }
}
