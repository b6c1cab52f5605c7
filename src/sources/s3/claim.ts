import type { ResumePoint } from '../../framing/objects/record-splitter.ts'
import { type ClaimDocument, decodeClaim, encodeClaim } from '../../protocols/s3/claim-document.ts'
import { wait } from '../../retry/backoff.ts'
import type { Bucket } from './bucket.ts'
import type { ProgressKeeper } from './object-reading.ts'

/** Between two tries to write a claim that failed. */
const retryMs = 1000

export interface ClaimParts {
  readonly bucket: Bucket
  /** Key of the claim. */
  readonly at: string
  readonly timeoutMs: number
  /** What was written when it was taken, and its entity tag. */
  readonly document: ClaimDocument
  readonly etag: string
  /** Nothing is waited for any more. */
  readonly hard: AbortSignal
  /** A write failed or succeeded: for the source's state. */
  readonly failed: (error: unknown) => void
  readonly well: () => void
}

/**
 * A claim that this relay holds. It is written again with each progress, and at least every third of its timeout, each time on the
 * condition that nobody else has written it since. Once that fails, `lost` aborts: the object is another's.
 */
export class Claim implements ProgressKeeper {
  readonly #parts: ClaimParts
  readonly #lost = new AbortController()
  readonly #ended = new AbortController()
  #document: ClaimDocument
  #etag: string
  #writtenAt = performance.now()
  #work: Promise<unknown> = Promise.resolve()
  /** What whoever took it over found in it. */
  #takenFrom: ClaimDocument | undefined

  constructor(parts: ClaimParts) {
    this.#parts = parts
    this.#document = parts.document
    this.#etag = parts.etag
    void this.#beat()
  }

  get lost(): AbortSignal {
    return this.#lost.signal
  }

  get resume(): ResumePoint | undefined {
    return this.#document.resume
  }

  /** After it was lost: the messages that its new owner found in it and goes on from. */
  get takenAt(): number | undefined {
    return this.#takenFrom?.takenAt
  }

  keep(resume: ResumePoint): Promise<boolean> {
    return this.#change({ resume })
  }

  /** A claim that was not written for so long may have been taken over: it is asked for first. */
  async mayGoOn(): Promise<boolean> {
    const fresh = performance.now() - this.#writtenAt < this.#parts.timeoutMs / 2
    return fresh && !this.#lost.signal.aborted ? true : await this.#change({})
  }

  /** The last write: others see that it is done, or that they may go on. False when it was lost before. */
  async end(last: Pick<ClaimDocument, 'done' | 'released' | 'tries'>): Promise<boolean> {
    this.#ended.abort()
    return await this.#change(last)
  }

  /** Stops renewing it and leaves it as it is. */
  abandon(): void {
    this.#ended.abort()
  }

  async #beat(): Promise<void> {
    const everyMs = this.#parts.timeoutMs / 3
    const signal = AbortSignal.any([this.#ended.signal, this.#lost.signal, this.#parts.hard])
    for (;;) {
      await wait(Math.max(1, everyMs - (performance.now() - this.#writtenAt)), signal)
      if (signal.aborted) return
      if (performance.now() - this.#writtenAt >= everyMs) await this.#change({})
    }
  }

  /** One write at a time, each from what the last has left. */
  #change(fields: Partial<ClaimDocument>): Promise<boolean> {
    const work = this.#work.then(() => this.#write(fields))
    this.#work = work
    return work
  }

  /** Until it is written or lost. */
  async #write(fields: Partial<ClaimDocument>): Promise<boolean> {
    const { bucket, at, hard, failed, well } = this.#parts
    const document = { ...this.#document, ...fields, beat: this.#document.beat + 1 }
    while (!hard.aborted && !this.#lost.signal.aborted) {
      try {
        const startedAt = performance.now()
        const etag = await bucket.put(at, encodeClaim(document), { etag: this.#etag }, hard)
        if (etag === undefined && !(await this.#stillOurs(document))) {
          this.#lost.abort()
          return false
        }
        if (etag === undefined) continue
        this.#document = document
        this.#etag = etag
        this.#writtenAt = startedAt
        well()
        return true
      } catch (error) {
        if (hard.aborted) break
        failed(error)
        await wait(retryMs, hard)
      }
    }
    return false
  }

  /** A write of ours may have arrived although its answer did not: then what stands there is ours, and is written over. */
  async #stillOurs({ session, beat }: ClaimDocument): Promise<boolean> {
    const { bucket, at, hard } = this.#parts
    const found = await bucket.read(at, hard)
    if (found === undefined) {
      // Somebody has removed it.
      const etag = await bucket.put(at, encodeClaim(this.#document), 'absent', hard)
      if (etag !== undefined) this.#etag = etag
      return etag !== undefined
    }
    const document = decodeClaim(found.text)
    if (document?.session === session && document.beat <= beat && found.etag !== this.#etag) {
      this.#etag = found.etag
      return true
    }
    // 409, another conditional write was under way and came to nothing.
    if (found.etag === this.#etag) return true
    this.#takenFrom = document
    return false
  }
}
