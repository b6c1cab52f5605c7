import type { ListeningSourceConfig } from '../config/schema.ts'
import type { Logger } from '../core/logger.ts'
import type { RefusalReason } from '../core/source.ts'
import type { ConnectionBudget } from './connection-budget.ts'
import { LogLimit } from './log-limit.ts'
import { allowList } from './peer-address.ts'
import type { SourceCounters } from './source-counters.ts'

export interface AdmissionOptions {
  readonly counters: SourceCounters
  readonly logger: Logger
  /** Shared by all sources of the process; without it max_connections alone is the bound. */
  readonly budget?: ConnectionBudget | undefined
}

const texts: Record<RefusalReason, string> = {
  not_allowed: 'connections refused: the peer is in none of the networks in allow',
  too_many: 'connections refused: max_connections is reached',
  too_many_from_peer: 'connections refused: max_connections_per_peer is reached',
  proxy_missing: 'connections closed: they began without a PROXY header from one of trusted_proxies, and proxy_protocol is required',
  proxy_malformed: 'connections closed: what began as a PROXY header is none',
  protocol_error: 'connections closed: the peer does not keep to RELP',
}
const noFilesText = 'connections refused: the process needs its other open files for queues and sinks; raise LimitNOFILE (ulimit -n)'

/**
 * Who may connect to a source, and how many. A connection is entered when it is accepted and its client admitted when that is
 * known, which behind a load balancer is after the PROXY header.
 */
export class Admission {
  readonly #config: ListeningSourceConfig
  readonly #options: AdmissionOptions
  readonly #allowed: (address: string) => boolean
  readonly #perPeer = new Map<string, number>()
  readonly #logged = new LogLimit()
  #open = 0

  constructor(config: ListeningSourceConfig, options: AdmissionOptions) {
    this.#config = config
    this.#options = options
    this.#allowed = allowList(config.allow)
  }

  /** Answers whether there is room for one more connection; it is given back with `leave`. */
  enter(peer: string): boolean {
    const { budget } = this.#options
    if (this.#open >= this.#config.max_connections) this.refuse('too_many', peer)
    else if (budget?.take() === false) this.refuse('too_many', peer, noFilesText)
    else {
      this.#open++
      return true
    }
    return false
  }

  /** Answers whether this client may have a connection more; given back with `dismiss`. */
  admit(client: string): boolean {
    const connections = this.#perPeer.get(client) ?? 0
    if (!this.#allowed(client)) this.refuse('not_allowed', client)
    else if (connections >= this.#config.max_connections_per_peer) this.refuse('too_many_from_peer', client)
    else {
      this.#perPeer.set(client, connections + 1)
      return true
    }
    return false
  }

  dismiss(client: string): void {
    const left = (this.#perPeer.get(client) ?? 1) - 1
    if (left === 0) this.#perPeer.delete(client)
    else this.#perPeer.set(client, left)
  }

  leave(): void {
    this.#open--
    this.#options.budget?.giveBack()
  }

  /** Counts it, and says so once a minute. */
  refuse(reason: RefusalReason, peer: string, text = texts[reason], why?: string): void {
    this.#options.counters.refused[reason]++
    const silent = this.#logged.admit(text)
    if (silent !== undefined)
      this.#options.logger.warn({ peer, ...(why !== undefined && { why }), ...(silent > 0 && { suppressed: silent }) }, text)
  }
}
