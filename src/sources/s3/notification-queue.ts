import type { Message } from '@aws-sdk/client-sqs'
import type { S3SourceConfig } from '../../config/schema.ts'
import { RelayError } from '../../core/errors.ts'
import type { Logger } from '../../core/logger.ts'
import { type NotifiedObject, parseNotification } from '../../protocols/s3/notifications.ts'
import { objectId } from '../../protocols/s3/object-id.ts'
import { wait } from '../../retry/backoff.ts'
import { Notifier } from '../../retry/notifier.ts'
import { untilAbort } from '../../retry/until-abort.ts'
import type { Backlog } from './backlog.ts'
import type { Bucket } from './bucket.ts'
import type { ClaimPool } from './claim-pool.ts'
import { ObjectJob } from './object-job.ts'
import type { PollingHealth } from './polling-health.ts'
import type { ReadObjects } from './read-objects.ts'
import { s3Failure, sourceFailure } from './s3-failures.ts'
import type { SqsQueue } from './sqs-queue.ts'
import type { Valve } from './valve.ts'

/** Messages in work: their objects wait for a reader, and each is kept hidden meanwhile. */
const maxInWork = 100
/** SQS keeps messages for 14 days at the longest; another one for good measure. */
export const longestRetentionS = 15 * 86_400
const forgetEveryMs = 3_600_000

export interface NotificationQueueParts {
  readonly config: S3SourceConfig
  readonly sqs: SqsQueue
  readonly bucket: Bucket
  readonly backlog: Backlog
  readonly read: ReadObjects
  readonly health: PollingHealth
  readonly valve: Valve
  readonly logger: Logger
  /** Where other relays' objects begin that are no logs. */
  readonly claimsPrefix: string
  /** Where relays claim objects. */
  readonly pool?: ClaimPool | undefined
  /** A notification that nobody understands becomes a dead letter. Resolves to true when that is fsynced. */
  readonly refuse: (body: string, error: RelayError) => Promise<boolean>
  /** Nothing is waited for any more. */
  readonly hard: AbortSignal
}

/** What becomes of a message: `keep` hides it no longer, and SQS gives it to somebody again. */
type Fate = 'delete' | 'keep'

/**
 * Finds objects by the notifications in an SQS queue. A message stays hidden from other relays while its objects are read, and is
 * deleted when all of them are fsynced or among the dead letters.
 */
export class NotificationQueue {
  readonly #parts: NotificationQueueParts
  readonly #inWork = new Set<Promise<void>>()
  readonly #ended = new Notifier()
  #lastAtMs: number | undefined
  #forgetAt = Number.NEGATIVE_INFINITY

  constructor(parts: NotificationQueueParts) {
    this.#parts = parts
  }

  get lastAtMs(): number | undefined {
    return this.#lastAtMs
  }

  get #hiddenS(): number {
    return Math.ceil(this.#parts.config.visibility_timeout / 1000)
  }

  /** Whoever waits for an object hears of it from its job. */
  settled(_id: string): void {}

  /** Ends when the signal aborts and all messages that were in work are given back. */
  async run(signal: AbortSignal): Promise<void> {
    const { backlog, health, valve } = this.#parts
    while (!signal.aborted) {
      await this.#forgetOld()
      await health.due(signal)
      await valve.passage(signal)
      await backlog.room(signal)
      while (this.#inWork.size >= maxInWork && !signal.aborted) await this.#ended.wait(this.#ended.version, signal)
      if (signal.aborted) break
      for (const message of await this.#receive(signal)) {
        const work = this.#handle(message, signal).finally(() => {
          this.#inWork.delete(work)
          this.#ended.notify()
        })
        this.#inWork.add(work)
      }
    }
    await Promise.all(this.#inWork)
  }

  /** What was read so long ago is told of by no notification any more. */
  async #forgetOld(): Promise<void> {
    if (performance.now() < this.#forgetAt) return
    this.#forgetAt = performance.now() + forgetEveryMs
    const keepS = Math.max(longestRetentionS, 2 * Math.ceil(this.#parts.config.late_arrivals / 1000))
    await this.#parts.read.forgetBefore(nowS() - keepS)
    await this.#parts.pool?.publish(nowS() - keepS, this.#parts.hard)
  }

  async #receive(signal: AbortSignal): Promise<readonly Message[]> {
    const { config, sqs, health } = this.#parts
    try {
      const messages = await sqs.receive(config.concurrency, this.#hiddenS, signal)
      health.well()
      this.#lastAtMs = Date.now()
      return messages
    } catch (error) {
      if (!signal.aborted) health.failed(sourceFailure(error, `the queue ${sqs.url} cannot be read`))
      return []
    }
  }

  async #handle(message: Message, signal: AbortSignal): Promise<void> {
    const ended = new AbortController()
    const hiding = this.#keepHidden(message, AbortSignal.any([signal, ended.signal]))
    let fate: Fate
    try {
      fate = await this.#fateOf(message, signal)
    } catch (error) {
      fate = 'keep'
      if (!signal.aborted)
        this.#parts.logger.error({ code: 'INTERNAL', err: error }, 'a notification could not be worked on, it comes again')
    }
    ended.abort()
    await hiding
    if (fate === 'delete') await this.#delete(message)
    else if (signal.aborted) await this.#hide(message, 0, this.#parts.hard)
  }

  async #fateOf({ Body = '', Attributes }: Message, signal: AbortSignal): Promise<Fate> {
    const { config, sqs, refuse } = this.#parts
    const notification = parseNotification(Body)
    if (notification.kind === 'test') return 'delete'
    const reason = notification.kind === 'unknown' ? notification.reason : this.#foreign(notification.objects)
    if (reason !== undefined) {
      // Its own back-off: SQS shows it again when its time is up, and counts.
      if (Number(Attributes?.ApproximateReceiveCount ?? 1) < config.max_object_tries) return 'keep'
      const hint = 'look what else writes to this queue'
      return (await refuse(Body, new RelayError('OBJECT_UNREADABLE', `a message of ${sqs.url} ${reason}`, { hint }))) ? 'delete' : 'keep'
    }
    const objects = notification.kind === 'objects' ? notification.objects.filter((object) => this.#wanted(object)) : []
    const settled = await Promise.all(objects.map((object) => this.#read(object, signal)))
    return settled.every(Boolean) ? 'delete' : 'keep'
  }

  #foreign(objects: readonly NotifiedObject[]): string | undefined {
    const other = objects.find(({ bucket }) => bucket !== this.#parts.bucket.name)
    return other && `tells of the bucket ${other.bucket}`
  }

  #wanted({ key, size }: NotifiedObject): boolean {
    const { config, claimsPrefix } = this.#parts
    return key.startsWith(config.prefix) && !key.startsWith(claimsPrefix) && size !== 0
  }

  /** Resolves to true when it is settled, to false when the source leaves before. */
  async #read(notified: NotifiedObject, signal: AbortSignal): Promise<boolean> {
    const { backlog, read } = this.#parts
    const job = await this.#jobOf(notified, signal)
    if (job === undefined) return false
    if ((await read.known([job.id])).has(job.id)) return true
    backlog.add(job)
    const known = backlog.get(job.id) ?? job
    return (
      (await untilAbort(
        known.settled.then(() => true),
        signal,
      )) ?? false
    )
  }

  /** With what is known of it: a notification has no date, and not always an entity tag. */
  async #jobOf({ bucket: name, key, etag }: NotifiedObject, signal: AbortSignal): Promise<ObjectJob | undefined> {
    const { bucket, backlog, read, health } = this.#parts
    const known = etag === undefined ? undefined : backlog.get(objectId(name, key, etag))
    if (known !== undefined) return known
    while (!signal.aborted) {
      try {
        const found = await bucket.head(key, undefined, signal)
        // It is remembered from the time at which it was told of: one that keeps its date when it is copied, or that is told of late,
        // may be older than what is remembered.
        const object = { ...found, modifiedS: Math.max(found.modifiedS, nowS()) }
        // Overwritten since: what it was cannot be read any more, and has a notification of its own.
        const wanted = etag === undefined || object.etag === etag ? object : { ...object, etag }
        return new ObjectJob(wanted, await read.parkedProgress(objectId(name, key, wanted.etag)))
      } catch (error) {
        if (signal.aborted) break
        const { scope, error: failure } = s3Failure(error, `the object ${key} cannot be looked at`)
        // The reader finds out what is wrong with it, and counts its tries.
        if (scope !== 'source') {
          const object = { bucket: name, key, etag: etag ?? '', size: 0, modifiedS: nowS() }
          return new ObjectJob(object, await read.parkedProgress(objectId(name, key, object.etag)))
        }
        health.failed(failure)
        await health.due(signal)
      }
    }
    return undefined
  }

  /** At a third of the time, until its objects are settled. */
  async #keepHidden(message: Message, signal: AbortSignal): Promise<void> {
    const { visibility_timeout } = this.#parts.config
    for (;;) {
      await wait(visibility_timeout / 3, signal)
      if (signal.aborted) return
      await this.#hide(message, this.#hiddenS, signal)
    }
  }

  /** What fails is no harm: the message comes again, and its objects are known. */
  async #hide(message: Message, seconds: number, signal: AbortSignal): Promise<void> {
    const { sqs, logger } = this.#parts
    try {
      await sqs.hide(message, seconds, signal)
    } catch (error) {
      if (!signal.aborted) logger.debug({ err: error }, 'the time of a notification could not be changed')
    }
  }

  async #delete(message: Message): Promise<void> {
    const { sqs, logger, hard } = this.#parts
    try {
      await sqs.delete(message, hard)
    } catch (error) {
      if (!hard.aborted) logger.warn({ err: error }, 'a notification could not be deleted and comes again, its objects are not read again')
    }
  }
}

function nowS(): number {
  return Math.floor(Date.now() / 1000)
}
