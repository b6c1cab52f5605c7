import type { S3SourceConfig } from '../../config/schema.ts'
import { RelayError } from '../../core/errors.ts'
import type { Intake } from '../../core/intake.ts'
import type { Logger } from '../../core/logger.ts'
import type { SplitterCounts } from '../../framing/objects/record-splitter.ts'
import { encodeProgress } from '../../protocols/s3/object-progress.ts'
import { untilAbort } from '../../retry/until-abort.ts'
import { LogLimit } from '../log-limit.ts'
import type { Backlog } from './backlog.ts'
import type { Bucket } from './bucket.ts'
import type { Claim } from './claim.ts'
import type { Claims } from './claims.ts'
import { afterTries, objectFailure } from './object-failures.ts'
import type { ObjectJob } from './object-job.ts'
import { ObjectReading, type ReadingEnd } from './object-reading.ts'
import { BodyBroken, objectBytes } from './object-stream.ts'
import type { PollingHealth } from './polling-health.ts'
import type { ReadObjects } from './read-objects.ts'
import { ReadableObjects } from './readable-objects.ts'
import { type S3Failure, sourceFailure } from './s3-failures.ts'
import { objectLetter } from './source-letters.ts'
import type { Valve } from './valve.ts'
import type { WorkCounts } from './work-counts.ts'

export interface ObjectWorkersParts {
  readonly config: S3SourceConfig
  readonly bucket: Bucket
  readonly intake: Intake
  readonly backlog: Backlog
  readonly read: ReadObjects
  readonly claims: Claims | undefined
  /** Of reading objects, and of claiming them. */
  readonly health: PollingHealth
  readonly claiming: PollingHealth
  readonly valve: Valve
  readonly logger: Logger
  readonly counts: WorkCounts
  readonly framed: (counts: SplitterCounts) => void
  readonly settled: (id: string) => void
  /** The source leaves. */
  readonly quit: AbortSignal
  /** Nothing is waited for any more. */
  readonly hard: AbortSignal
}

/** `postponed`: nothing can be said against this object while no other one can be read either. */
type WorkEnd = ReadingEnd | 'postponed' | S3Failure

/** Reads objects, as many at a time as there are workers, each with a checkpoint of its own. */
export class ObjectWorkers {
  readonly #parts: ObjectWorkersParts
  readonly #errors = new LogLimit()
  readonly #readable: ReadableObjects

  constructor(parts: ObjectWorkersParts) {
    this.#parts = parts
    this.#readable = new ReadableObjects(parts.bucket)
  }

  /** One worker; `slot` is the name of its checkpoint. Ends when the source leaves. */
  async run(slot: string): Promise<void> {
    const { backlog, health, valve, quit, claims, counts, config } = this.#parts
    // Relays that all begin at the first object would meet at each.
    const pick = claims === undefined ? undefined : (count: number) => Math.floor(Math.random() * count)
    for (;;) {
      await health.due(quit)
      await valve.passage(quit)
      const job = await backlog.take(quit, pick)
      if (job === undefined) return
      counts.reading++
      try {
        await this.#work(job, slot)
      } catch (error) {
        this.#tell(job, RelayError.from(error, 'INTERNAL', `the object ${job.object.key} could not be worked on`))
        backlog.giveBack(job, { afterMs: config.retry.max })
      } finally {
        counts.reading--
      }
    }
  }

  async #work(job: ObjectJob, slot: string): Promise<void> {
    const { claims, backlog, config } = this.#parts
    const claim = claims === undefined ? undefined : await this.#claim(job, claims)
    if (claim === 'stopped') return
    if (claim === 'done' || (claim === 'held' && job.done)) {
      await this.#settle(job, undefined)
      return
    }
    if (claim === 'held') {
      backlog.giveBack(job, { afterMs: (config.claims?.timeout ?? 0) / 3 })
      return
    }
    try {
      await this.#readToEnd(job, slot, claim)
    } finally {
      claim?.abandon()
    }
  }

  async #readToEnd(job: ObjectJob, slot: string, claim: Claim | undefined): Promise<void> {
    const end = job.done ? 'done' : await this.#read(job, slot, claim)
    if (typeof end === 'object') return await this.#fail(job, slot, claim, end)
    if (end === 'done') {
      if (await this.#settle(job, claim)) this.#parts.counts.completed++
    } else if (end === 'lost' && claim?.lost.aborted) this.#lose(job, claim)
    else {
      await claim?.end({ done: false, released: true, tries: job.tries })
      if (end === 'postponed') await this.#giveBack(job, 0)
    }
  }

  async #claim(job: ObjectJob, claims: Claims): Promise<Claim | 'done' | 'held' | 'stopped'> {
    const { claiming, quit, counts } = this.#parts
    for (;;) {
      await claiming.due(quit)
      if (quit.aborted) return 'stopped'
      try {
        const taken = await claims.take(job, quit)
        claiming.well()
        counts.repeatedMessages += taken.repeated
        if (taken.kind !== 'ours') return taken.kind
        if (taken.takenOver) counts.takenOver++
        return taken.claim
      } catch (error) {
        if (!quit.aborted) claiming.failed(sourceFailure(error, `the object ${job.object.key} cannot be claimed`))
      }
    }
  }

  /** What concerns the whole service is waited for here, and uses up none of the object's tries. */
  async #read(job: ObjectJob, slot: string, claim: Claim | undefined): Promise<WorkEnd> {
    const { health, quit } = this.#parts
    for (;;) {
      const from = job.resume?.offset ?? 0
      try {
        return await this.#readOnce(job, slot, claim)
      } catch (error) {
        if (quit.aborted) return 'stopped'
        if (claim?.lost.aborted) return 'lost'
        const failure = objectFailure(error, job)
        // It went on for a while: then it may at once.
        if (error instanceof BodyBroken && (job.resume?.offset ?? 0) > from) continue
        const denied = failure.scope === 'denied'
        if (denied ? await this.#readable.anyBeside(job.object.key, quit) : failure.scope !== 'source') {
          // This object alone is to blame.
          health.well()
          return failure
        }
        if (quit.aborted) return 'stopped'
        health.failed(failure.error)
        if (denied) return 'postponed'
        await health.due(quit)
        if (quit.aborted) return 'stopped'
      }
    }
  }

  async #readOnce(job: ObjectJob, slot: string, claim: Claim | undefined): Promise<ReadingEnd> {
    const { bucket, config, intake, valve, quit, hard, health, counts } = this.#parts
    const gone = claim === undefined ? quit : AbortSignal.any([quit, claim.lost])
    const bytes = objectBytes(bucket, job, { signal: gone, received: (length) => (counts.bytes += length) })
    let waits = false
    const reading = new ObjectReading({
      job,
      bytes,
      slot,
      config,
      intake,
      valve,
      keeper: claim,
      quit: gone,
      hard,
      counted: (framing) => {
        health.well()
        this.#parts.framed(framing)
      },
      waiting: (waiting) => {
        counts.waitingForRoom += Number(waiting) - Number(waits)
        waits = waiting
      },
    })
    const end = await reading.run()
    if (end === 'done') this.#readable.add(job.object)
    return end === 'stopped' && !quit.aborted ? 'lost' : end
  }

  async #fail(job: ObjectJob, slot: string, claim: Claim | undefined, { scope, error }: S3Failure): Promise<void> {
    const { config, intake, counts, hard } = this.#parts
    job.tries = scope === 'replaced' ? config.max_object_tries : job.tries + 1
    if (job.tries < config.max_object_tries) {
      this.#tell(job, error)
      await claim?.end({ done: false, released: true, tries: job.tries })
      await this.#giveBack(job, afterTries(config, job.tries))
      return
    }
    const checkpoint = { key: slot, value: encodeProgress(job.progress(true)) }
    await untilAbort(intake.deadLetter(objectLetter(job, error), checkpoint), hard)
    if (hard.aborted) return
    this.#tell(job, error, 'it is a dead letter now')
    if (await this.#settle(job, claim)) counts.failed++
  }

  /** It waits with its progress on disk, for the checkpoint is another's now. */
  async #giveBack(job: ObjectJob, afterMs: number): Promise<void> {
    const { read, backlog } = this.#parts
    if (await read.park(job.id, job.progress())) backlog.giveBack(job, { afterMs })
  }

  /** All of it is in the queue or a dead letter; resolves to false when the source was stopped before that could be noted. */
  async #settle(job: ObjectJob, claim: Claim | undefined): Promise<boolean> {
    const { read, backlog, settled } = this.#parts
    const { id, object } = job
    if (!(await read.note([{ id, modifiedS: object.modifiedS }]))) return false
    if (claim !== undefined && !(await claim.end({ done: true, released: false, tries: job.tries }))) this.#countRepeated(job, claim)
    backlog.settle(job)
    settled(id)
    return true
  }

  #lose(job: ObjectJob, claim: Claim): void {
    const { backlog, config } = this.#parts
    this.#countRepeated(job, claim)
    backlog.giveBack(job, { afterMs: (config.claims?.timeout ?? 0) / 3 })
  }

  /** What we have beyond the place where the one who took it over has begun. */
  #countRepeated(job: ObjectJob, { takenAt }: Claim): void {
    job.ours = false
    if (takenAt !== undefined) this.#parts.counts.repeatedMessages += Math.max(0, (job.resume?.messages ?? 0) - takenAt)
  }

  #tell({ object, tries }: ObjectJob, error: RelayError, end?: string): void {
    const suppressed = this.#errors.admit(`${error.code} ${end}`)
    if (suppressed === undefined) return
    const fields = { code: error.code, key: object.key, tries, hint: error.hint, ...(suppressed > 0 && { suppressed }) }
    if (end === undefined) this.#parts.logger.warn(fields, `${error.message}; trying again`)
    else this.#parts.logger.error(fields, `${error.message}; ${end}`)
  }
}
