import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { RelayStatus } from '../core/status.ts'
import { type Limits, limitFamilies } from './limit-families.ts'
import type { Family } from './metric-family.ts'
import { processFamilies } from './process-families.ts'
import { queueFamilies } from './queue-families.ts'
import { sinkFamilies } from './sink-families.ts'
import { sourceFamilies } from './source-families.ts'

const statusFamilies = [...processFamilies, ...queueFamilies, ...sinkFamilies, ...sourceFamilies]

/**
 * The relay in Prometheus' text format. Nothing is counted here: each scrape takes one status, so the figures of a
 * scrape belong together, no message pays for it, and what a reload removed is gone from the next scrape on.
 */
export class Metrics {
  readonly #registry = new Registry()
  readonly #status: () => RelayStatus
  readonly #limits: () => Limits
  readonly #fromStatus: Exported<RelayStatus>[]
  readonly #fromLimits: Exported<Limits>[]

  constructor(options: { status: () => RelayStatus; limits: () => Limits }) {
    this.#status = options.status
    this.#limits = options.limits
    this.#fromStatus = statusFamilies.map((family) => new Exported(family, this.#registry))
    this.#fromLimits = limitFamilies.map((family) => new Exported(family, this.#registry))
    collectDefaultMetrics({ register: this.#registry })
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  /** The text of one scrape. Rejects with whatever `status` or `limits` throws. */
  async text(): Promise<string> {
    const status = this.#status()
    const limits = this.#limits()
    for (const exported of this.#fromStatus) exported.fill(status)
    for (const exported of this.#fromLimits) exported.fill(limits)
    // The registry reads all of our values before its first await, so that two scrapes at once do not mix.
    return await this.#registry.metrics()
  }
}

/** One family in the registry, filled anew at each scrape. */
class Exported<From> {
  readonly #family: Family<From>
  readonly #add: (labels: Record<string, string>, value: number) => void
  readonly #reset: () => void

  constructor(family: Family<From>, registry: Registry) {
    this.#family = family
    const options = { name: family.name, help: family.help, labelNames: [...family.labels], registers: [registry] }
    const metric = family.type === 'counter' ? new Counter<string>(options) : new Gauge<string>(options)
    this.#add = metric.inc.bind(metric)
    this.#reset = metric.reset.bind(metric)
  }

  fill(from: From): void {
    this.#reset()
    for (const { labels, value } of this.#family.samples(from)) this.#add(labels, value)
  }
}
