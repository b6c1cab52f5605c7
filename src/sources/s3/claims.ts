import { randomUUID } from 'node:crypto'
import { RelayError } from '../../core/errors.ts'
import { type ClaimDocument, decodeClaim, encodeClaim } from '../../protocols/s3/claim-document.ts'
import type { Bucket } from './bucket.ts'
import { Claim, type ClaimParts } from './claim.ts'
import type { ClaimPool } from './claim-pool.ts'
import type { ObjectJob } from './object-job.ts'

/** Claims of others that are watched; each of them is one object that waits here. */
const maxWatched = 4000

export interface ClaimsParts extends Pick<ClaimParts, 'bucket' | 'timeoutMs' | 'hard' | 'failed' | 'well'> {
  readonly prefix: string
  readonly owner: string
  /** Absent where objects are found by notifications. */
  readonly pool?: ClaimPool | undefined
}

/** `done`: somebody has read it. `held`: somebody reads it, as far as one can tell. */
export type ClaimResult =
  | { readonly kind: 'ours'; readonly claim: Claim; readonly takenOver: boolean; readonly repeated: number }
  | { readonly kind: 'done'; readonly repeated: number }
  | { readonly kind: 'held'; readonly repeated: number }

/**
 * Divides the objects of a bucket among relays: who writes an object's claim first reads it. A claim that has not changed for its
 * timeout, by our own clock that never goes back, is taken over with what progress it tells of.
 */
export class Claims {
  readonly #parts: ClaimsParts
  readonly #session = randomUUID()
  /** Claims of others: what they were when, by our clock. */
  readonly #watched = new Map<string, { readonly etag: string; readonly sinceMs: number }>()

  /** Taken from us in this run. */
  readonly #lost = new Set<string>()

  constructor(parts: ClaimsParts) {
    this.#parts = parts
  }

  /**
   * Rejects with SOURCE_UNREACHABLE when the server takes no notice of conditions: two relays would then read each object. Changes
   * nothing but a small object of its own.
   */
  async probe(signal: AbortSignal): Promise<void> {
    const { bucket, prefix, owner } = this.#parts
    const at = `${prefix}probe-${owner}`
    const put = (condition: Parameters<Bucket['put']>[2]) => bucket.put(at, randomUUID(), condition, signal)
    await put('absent')
    const twice = await put('absent')
    const stale = await put({ etag: '"00000000000000000000000000000000"' })
    await bucket.delete(at, signal)
    if (twice === undefined && stale === undefined) return
    const hint = 'leave out `claims` and let one relay alone read this bucket, or share its objects by `queue_url`'
    throw new RelayError('SOURCE_UNREACHABLE', 'the server does not know conditional writes (If-None-Match, If-Match), which claims need', {
      hint,
    })
  }

  /** Rejects as requests do. */
  async take(job: ObjectJob, signal: AbortSignal): Promise<ClaimResult> {
    const { bucket } = this.#parts
    const at = this.#keyOf(job)
    // It was known here for so long that its claim was removed: see ClaimPool.
    const behind = job.again === 0 && (await this.#parts.pool?.isBehind(job.object.modifiedS, signal)) === true
    if (behind && (await bucket.read(at, signal)) === undefined) return { kind: 'done', repeated: 0 }
    const first = this.#document(job)
    const etag = await bucket.put(at, encodeClaim(first), 'absent', signal)
    if (etag !== undefined) return this.#ours(job, first, etag, 0)
    const found = await bucket.read(at, signal)
    // Removed in this very moment: the next look finds out.
    if (found === undefined) return { kind: 'held', repeated: 0 }
    const before = decodeClaim(found.text)
    const { owner } = this.#parts
    const repeated = before !== undefined && before.owner !== owner ? repeatedBy(before, job) : 0
    if (before?.done === true && job.again === 0) {
      this.#watched.delete(job.id)
      return { kind: 'done', repeated }
    }
    // A write of ours whose answer was lost. Or it was left by an earlier run of this relay, unless that is alive: then it has taken this
    // object from us.
    const mine = before?.owner === owner && (before.session === this.#session || !this.#lost.has(job.id))
    if (!mine && before?.done !== true && before?.released !== true && !this.#expired(job.id, found.etag)) return { kind: 'held', repeated }
    const next = this.#document(job, before)
    const taken = await bucket.put(at, encodeClaim(next), { etag: found.etag }, signal)
    if (taken === undefined) return { kind: 'held', repeated }
    return this.#ours(job, next, taken, repeated, before?.owner !== owner && before?.done !== true)
  }

  #ours(job: ObjectJob, document: ClaimDocument, etag: string, repeated: number, takenOver = false): ClaimResult {
    const { bucket, timeoutMs, hard, failed, well } = this.#parts
    this.#watched.delete(job.id)
    if (this.#lost.size >= maxWatched) this.#lost.clear()
    const claim = new Claim({ bucket, at: this.#keyOf(job), timeoutMs, document, etag, hard, failed, well })
    claim.lost.addEventListener('abort', () => this.#lost.add(job.id), { once: true })
    return { kind: 'ours', claim, takenOver, repeated }
  }

  #keyOf({ id }: ObjectJob): string {
    return this.#parts.prefix + id
  }

  #document(job: ObjectJob, before?: ClaimDocument): ClaimDocument {
    const goOn = before !== undefined && !before.done
    if (goOn) {
      job.advance(before.resume)
      job.tries = Math.max(job.tries, before.tries)
    }
    const { key, etag } = job.object
    return {
      owner: this.#parts.owner,
      session: this.#session,
      beat: (before?.beat ?? 0) + 1,
      key,
      etag,
      ...(job.resume && { resume: job.resume }),
      tries: job.tries,
      done: false,
      released: false,
      ...(goOn && { takenAt: before.resume?.messages ?? 0 }),
    }
  }

  /** It has not changed for the timeout since we have seen it first. */
  #expired(id: string, etag: string): boolean {
    const nowMs = performance.now()
    const watched = this.#watched.get(id)
    if (watched?.etag === etag) return nowMs - watched.sinceMs >= this.#parts.timeoutMs
    if (this.#watched.size >= maxWatched) this.#watched.clear()
    this.#watched.set(id, { etag, sinceMs: nowMs })
    return false
  }
}

/** Messages of this object that we have, and that whoever took it over from us reads again. Told of once. */
function repeatedBy({ takenAt }: ClaimDocument, job: ObjectJob): number {
  if (!job.ours || takenAt === undefined) return 0
  job.ours = false
  return Math.max(0, (job.resume?.messages ?? 0) - takenAt)
}
