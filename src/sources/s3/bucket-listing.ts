import type { S3SourceConfig } from '../../config/schema.ts'
import { objectId } from '../../protocols/s3/object-id.ts'
import type { ObjectRef } from '../../protocols/s3/object-progress.ts'
import { wait } from '../../retry/backoff.ts'
import type { Backlog } from './backlog.ts'
import { type Bucket, type ListingPage, statusOf } from './bucket.ts'
import type { ClaimPool } from './claim-pool.ts'
import { ObjectJob } from './object-job.ts'
import type { PollingHealth } from './polling-health.ts'
import type { ReadObjects } from './read-objects.ts'
import { sourceFailure } from './s3-failures.ts'
import type { ScopeRecord } from './scope.ts'
import type { Valve } from './valve.ts'

/** What a server's Date and its dates of modification may differ by. */
const marginS = 300

export interface BucketListingParts {
  readonly config: S3SourceConfig
  readonly bucket: Bucket
  readonly backlog: Backlog
  readonly read: ReadObjects
  readonly health: PollingHealth
  readonly valve: Valve
  /** The source leaves. */
  readonly quit: AbortSignal
  /** Where other relays' objects begin that are no logs. */
  readonly claimsPrefix: string
  /** Where relays share the bucket. */
  readonly pool?: ClaimPool | undefined
}

/** What one listing has shown, until all of it is read. */
interface Shown {
  readonly horizonS: number
  readonly open: Set<string>
}

/**
 * Finds the objects of a bucket by listing it again and again. What was modified before the horizon counts as read; what was
 * modified since is looked up. The horizon moves to twice `late_arrivals` before a listing began (by the server's clock, and not beyond
 * the newest object) once that listing is complete and everything that it showed is read: then what may still turn up is younger.
 */
export class BucketListing {
  readonly #parts: BucketListingParts
  #record: ScopeRecord
  #shown: Shown | undefined
  #lastAtMs: number | undefined

  constructor(parts: BucketListingParts) {
    this.#parts = parts
    const { start_from } = parts.config
    const horizonS = typeof start_from === 'number' ? Math.floor(start_from / 1000) : 0
    this.#record = parts.read.scope ?? { horizonS, started: start_from !== 'now' }
  }

  get lastAtMs(): number | undefined {
    return this.#lastAtMs
  }

  async run(signal: AbortSignal): Promise<void> {
    const { config, read } = this.#parts
    await this.#join(signal)
    if (signal.aborted) return
    await read.setScope(this.#record)
    if (!this.#record.started) await this.#begin(signal)
    while (!signal.aborted) {
      const beganAt = performance.now()
      await this.#list(signal)
      this.#lastAtMs = Date.now()
      await wait(Math.max(1, config.interval - (performance.now() - beganAt)), signal)
    }
  }

  /** An object was settled. The horizon moves when it was the last of those that a listing had shown. */
  settled(id: string): void {
    const shown = this.#shown
    if (shown === undefined) return
    shown.open.delete(id)
    // What fails here, at the end of the source as a rule, is done after a later listing.
    if (shown.open.size === 0) this.#move(shown).catch(() => undefined)
  }

  /** `start_from: now`: all that was modified by the time of the first start counts as read. */
  async #begin(signal: AbortSignal): Promise<void> {
    const { read } = this.#parts
    let startedAtS = this.#record.startedAtS
    for await (const { objects, dateMs } of this.#pages(signal)) {
      if (startedAtS === undefined) {
        startedAtS = Math.floor((dateMs ?? Date.now()) / 1000)
        this.#record = { ...this.#record, startedAtS }
        await this.#join(signal)
        await read.setScope(this.#record)
        // The others have begun before.
        if (this.#record.started) return
        startedAtS = this.#record.startedAtS
      }
      const there = objects.filter(({ modifiedS }) => modifiedS <= (startedAtS as number))
      await read.note(there.map((object) => ({ id: idOf(object), modifiedS: object.modifiedS })))
    }
    if (signal.aborted) return
    this.#record = { ...this.#record, started: true }
    await read.setScope(this.#record)
  }

  /** Takes over what relays that share the bucket know. One that is the first and does not know yet when it began tells later. */
  async #join(signal: AbortSignal): Promise<void> {
    const { pool, health, bucket } = this.#parts
    const { horizonS, startedAtS, started } = this.#record
    if (pool === undefined || (!started && startedAtS === undefined)) return
    while (!signal.aborted) {
      await health.due(signal)
      try {
        const shared = await pool.join({ horizonS, ...(startedAtS !== undefined && { startedAtS }) }, signal)
        // Those who began with all that was there read it, and so it is to be shared.
        const begun = started || shared.startedAtS === undefined
        this.#record = { ...this.#record, ...shared, horizonS: Math.max(horizonS, shared.horizonS), started: begun }
        health.well()
        return
      } catch (error) {
        if (signal.aborted) return
        health.failed(sourceFailure(error, `the bucket ${bucket.name} cannot be shared`))
      }
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { backlog, config } = this.#parts
    let dateMs: number | undefined
    let newestS = 0
    for await (const page of this.#pages(signal)) {
      dateMs ??= page.dateMs
      for (const { modifiedS } of page.objects) newestS = Math.max(newestS, modifiedS)
      for (const object of await this.#unread(page.objects)) {
        await backlog.room(signal)
        if (signal.aborted) return
        backlog.add(new ObjectJob(object))
      }
    }
    if (signal.aborted || this.#shown !== undefined) return
    const listedS = Math.min(newestS, dateMs === undefined ? newestS : Math.floor(dateMs / 1000))
    const shown = { horizonS: listedS - 2 * Math.ceil(config.late_arrivals / 1000) - marginS, open: new Set(backlog.ids) }
    if (shown.horizonS <= this.#record.horizonS) return
    this.#shown = shown
    if (shown.open.size === 0) await this.#move(shown)
  }

  /** A page that fails is asked for again, with the same place to begin, as often as it takes. */
  async *#pages(signal: AbortSignal): AsyncGenerator<ListingPage> {
    const { bucket, config, health, valve } = this.#parts
    let next: string | undefined
    do {
      await health.due(signal)
      await valve.passage(signal)
      if (signal.aborted) return
      try {
        const page = await bucket.list(config.prefix, next, signal)
        health.well()
        next = page.next
        yield { ...page, objects: page.objects.filter((object) => this.#wanted(object)) }
      } catch (error) {
        if (signal.aborted) return
        health.failed(sourceFailure(error, `the bucket ${bucket.name} cannot be listed`))
        // A place to begin that the server does not know any more.
        if (statusOf(error) === 400) next = undefined
        continue
      }
      if (next === undefined) return
    } while (!signal.aborted)
  }

  /** Names that end in a slash are folders as consoles make them; what is empty has no messages. */
  #wanted({ key, size, modifiedS }: ObjectRef): boolean {
    return (
      size > 0 &&
      !key.startsWith(this.#parts.claimsPrefix) &&
      modifiedS >= this.#record.horizonS &&
      !this.#parts.read.isBehind(key, modifiedS)
    )
  }

  async #unread(objects: readonly ObjectRef[]): Promise<ObjectRef[]> {
    const { read, backlog } = this.#parts
    const fresh = objects.filter((object) => backlog.get(idOf(object)) === undefined)
    const known = await read.known(fresh.map(idOf))
    // What was uploaded again as it was is to be remembered as long as its new date.
    const renewed = fresh.filter((object) => (known.get(idOf(object)) ?? Number.POSITIVE_INFINITY) < object.modifiedS)
    await read.note(renewed.map((object) => ({ id: idOf(object), modifiedS: object.modifiedS })))
    return fresh.filter((object) => !known.has(idOf(object)))
  }

  async #move({ horizonS }: Shown): Promise<void> {
    const { read, pool, quit } = this.#parts
    this.#shown = undefined
    this.#record = { ...this.#record, horizonS }
    await read.setScope(this.#record)
    await pool?.publish(horizonS, quit)
    await read.forgetBefore(horizonS)
  }
}

function idOf({ bucket, key, etag }: ObjectRef): string {
  return objectId(bucket, key, etag)
}
