import type { Logger } from '../../core/logger.ts'
import type { Bucket } from './bucket.ts'

/** What relays that share a bucket know together; seconds by the server's clock. */
export interface PoolRecord {
  /** What was modified before was read by one of them. */
  readonly horizonS: number
  /** `start_from: now`, of the first of them. */
  readonly startedAtS?: number
}

/** A record that is older than this is read again before one relies on it. */
const freshMs = 60_000
/** Claims of what is behind all horizons are removed so often; each relay has then had that long to learn of its own. */
const hourMs = 3_600_000
/** Names of claims: other small objects stay. */
const claimName = /^[0-9a-f]{32}$/

export interface ClaimPoolParts {
  readonly bucket: Bucket
  readonly prefix: string
  /** Tells apart what different pipelines read. */
  readonly tag: string
  readonly logger: Logger
  /** Default: an hour. */
  readonly collectEveryMs?: number
}

/**
 * The horizon that relays share, in a small object beside their claims. A relay that comes later begins there, and not where its
 * configuration says, for the claims of what is behind the horizon are removed.
 */
export class ClaimPool {
  readonly #parts: ClaimPoolParts
  #known: { readonly record: PoolRecord; readonly atMs: number } | undefined
  /** The lowest horizon when claims were removed last. */
  #collectable = 0
  #collectedAtMs = performance.now()

  constructor(parts: ClaimPoolParts) {
    this.#parts = parts
  }

  get bucket(): Bucket {
    return this.#parts.bucket
  }

  get prefix(): string {
    return this.#parts.prefix
  }

  /** What the others know, or this where we are the first. Rejects as requests do. */
  async join(record: PoolRecord, signal: AbortSignal): Promise<PoolRecord> {
    const { bucket } = this.#parts
    for (;;) {
      const found = await this.#read(signal)
      if (found !== undefined) return found.record
      if ((await bucket.put(this.#at, JSON.stringify(record), 'absent', signal)) === undefined) continue
      this.#keep(record)
      return record
    }
  }

  /** All of them know it, or did a minute ago. */
  async isBehind(modifiedS: number, signal: AbortSignal): Promise<boolean> {
    if (this.#known === undefined || performance.now() - this.#known.atMs > freshMs) await this.#read(signal)
    return modifiedS < (this.#known?.record.horizonS ?? 0)
  }

  /** Our horizon has moved: theirs does, and from time to time claims behind it are removed. What fails is done with the next one. */
  async publish(horizonS: number, signal: AbortSignal): Promise<void> {
    const { bucket, logger, collectEveryMs = hourMs } = this.#parts
    try {
      const found = await this.#read(signal)
      if (found === undefined) await this.join({ horizonS }, signal)
      else if (found.record.horizonS < horizonS) {
        const record = { ...found.record, horizonS }
        if ((await bucket.put(this.#at, JSON.stringify(record), { etag: found.etag }, signal)) === undefined) return
        this.#keep(record)
      }
      if (performance.now() - this.#collectedAtMs < collectEveryMs) return
      this.#collectedAtMs = performance.now()
      await this.collect(this.#collectable, signal)
      this.#collectable = await this.#lowest(horizonS, signal)
    } catch (error) {
      if (!signal.aborted) logger.debug({ err: error }, 'the horizon could not be told to the other relays')
    }
  }

  /** Removes the claims that were last written before this: their objects are older still. */
  async collect(beforeS: number, signal: AbortSignal): Promise<void> {
    const { bucket, prefix } = this.#parts
    let next: string | undefined
    do {
      const page = await bucket.list(prefix, next, signal)
      for (const { key, modifiedS } of page.objects) {
        if (modifiedS < beforeS && claimName.test(key.slice(prefix.length))) await bucket.delete(key, signal)
      }
      next = page.next
    } while (next !== undefined && !signal.aborted)
  }

  /** Of our horizon and those of other pipelines whose claims lie here: whose a claim is does not show in its name. */
  async #lowest(horizonS: number, signal: AbortSignal): Promise<number> {
    const { bucket } = this.#parts
    let lowest = horizonS
    let next: string | undefined
    do {
      const page = await bucket.list(this.#pools, next, signal)
      for (const { key } of page.objects) {
        const found = await bucket.read(key, signal)
        if (found !== undefined) lowest = Math.min(lowest, recordOf(found.text).horizonS)
      }
      next = page.next
    } while (next !== undefined)
    return lowest
  }

  get #pools(): string {
    return `${this.#parts.prefix}pool-`
  }

  get #at(): string {
    return this.#pools + this.#parts.tag
  }

  async #read(signal: AbortSignal): Promise<{ readonly record: PoolRecord; readonly etag: string } | undefined> {
    const found = await this.#parts.bucket.read(this.#at, signal)
    if (found === undefined) return undefined
    const record = recordOf(found.text)
    this.#keep(record)
    return { record, etag: found.etag }
  }

  #keep(record: PoolRecord): void {
    this.#known = { record, atMs: performance.now() }
  }
}

/** One that is damaged says nothing. */
function recordOf(text: string): PoolRecord {
  try {
    const { horizonS, startedAtS } = JSON.parse(text) as Partial<PoolRecord>
    return {
      horizonS: Number.isSafeInteger(horizonS) ? (horizonS as number) : 0,
      ...(Number.isSafeInteger(startedAtS) && { startedAtS: startedAtS as number }),
    }
  } catch {
    return { horizonS: 0 }
  }
}
