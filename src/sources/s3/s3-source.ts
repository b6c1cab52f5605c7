import type { S3Client } from '@aws-sdk/client-s3'
import type { SQSClient } from '@aws-sdk/client-sqs'
import type { S3SourceConfig } from '../../config/schema.ts'
import { RelayError } from '../../core/errors.ts'
import type { Intake } from '../../core/intake.ts'
import type { Logger } from '../../core/logger.ts'
import type { Source, SourceStats } from '../../core/source.ts'
import type { SplitterCounts } from '../../framing/objects/record-splitter.ts'
import { wait } from '../../retry/backoff.ts'
import { untilAbort } from '../../retry/until-abort.ts'
import { newSourceCounters } from '../source-counters.ts'
import { Backlog } from './backlog.ts'
import { Bucket } from './bucket.ts'
import type { BucketListing } from './bucket-listing.ts'
import { emptySlots, slotName, takeOverSlots } from './checkpoint-slots.ts'
import type { Claims } from './claims.ts'
import { lifecycleWarningOf } from './lifecycle-warning.ts'
import { longestRetentionS, type NotificationQueue } from './notification-queue.ts'
import { ObjectJob } from './object-job.ts'
import { ObjectWorkers } from './object-workers.ts'
import { PollingHealth } from './polling-health.ts'
import { createClaims, createDiscovery, createPool, type PollingParts } from './polling-parts.ts'
import { pollingStatus } from './polling-status.ts'
import { ReadObjects } from './read-objects.ts'
import { createS3Client, createSqsClient } from './s3-clients.ts'
import { sourceFailure } from './s3-failures.ts'
import { jobsOfLetter } from './source-letters.ts'
import { Valve } from './valve.ts'

/** Objects that wait: of those that were notified few, since each is hidden from other relays meanwhile. */
const waitingListed = 1000
const waitingNotified = 20

export interface S3SourceOptions {
  readonly intake: Intake
  readonly logger: Logger
  readonly pipelineName: string
  /** Belongs to this source alone; is made where it is missing. */
  readonly stateDirectory: string
  /** In whose name objects are claimed. Default: a random name that stays in the state directory. */
  readonly owner?: string | undefined
  /** Default: what the configuration says. */
  readonly clients?: { readonly s3: S3Client; readonly sqs?: SQSClient } | undefined
}

/**
 * A source that reads the objects of a bucket. Three parts go on beside each other: one finds objects and puts them into the backlog
 * (BucketListing, or NotificationQueue), workers read them into the queue (ObjectWorkers, with Claims where relays share the bucket), and
 * ReadObjects remembers on disk which were read. How far those have come that are being read stands in the queue itself, as a checkpoint
 * that is written with the messages. A bucket that cannot be reached is a state with a back-off, and no failure of the start.
 */
export class S3Source implements Source {
  readonly #parts: PollingParts
  readonly #counters = newSourceCounters()
  readonly #owner: string | undefined
  readonly #quit = new AbortController()
  readonly #hard = new AbortController()
  #discovery: BucketListing | NotificationQueue | undefined
  #starting: Promise<void> | undefined
  #running: Promise<void> = Promise.resolve()
  #leaving: Promise<void> | undefined
  #stopping: Promise<void> | undefined

  constructor(config: S3SourceConfig, { intake, logger, pipelineName, stateDirectory, owner, clients }: S3SourceOptions) {
    this.#owner = owner
    const { s3, sqs } = clients ?? { s3: createS3Client(config), sqs: config.queue_url === undefined ? undefined : createSqsClient(config) }
    const { bucket, prefix, endpoint, queue_url, retry } = config
    const scope = { server: endpoint === undefined ? '' : `${endpoint.host}:${endpoint.port}`, bucket, prefix }
    const health = (what: string) => new PollingHealth({ who: `source of pipeline ${pipelineName}${what}`, retry, logger })
    this.#parts = {
      config,
      clients: { s3, ...(sqs && { sqs }) },
      bucket: new Bucket(s3, bucket),
      intake,
      backlog: new Backlog(queue_url === undefined ? waitingListed : waitingNotified),
      read: new ReadObjects(stateDirectory, scope, logger),
      valve: new Valve(),
      logger,
      counts: { reading: 0, waitingForRoom: 0, completed: 0, failed: 0, takenOver: 0, repeatedMessages: 0, bytes: 0 },
      health: { finding: health(''), reading: health(', objects'), claiming: health(', claims') },
      quit: this.#quit.signal,
      hard: this.#hard.signal,
    }
  }

  /** Rejects with DATA_DIR_UNUSABLE or DATA_DIR_IN_USE; with QUEUE_CLOSED where it is stopped before the disk has taken what it writes. */
  start(): Promise<void> {
    this.#starting ??= this.#start()
    return this.#starting
  }

  async block(): Promise<void> {
    this.#parts.valve.close()
  }

  async unblock(): Promise<void> {
    this.#parts.valve.open()
  }

  /** What is in hand is handed over where there is room; the rest is read from where the progress stands. There are no stragglers. */
  leave(deadline: AbortSignal, _stragglers?: AbortSignal): Promise<void> {
    this.#leaving ??= this.#leave(deadline)
    return this.#leaving
  }

  stop(deadline: AbortSignal): Promise<void> {
    this.#stopping ??= this.#stop(deadline)
    return this.#stopping
  }

  async retry(bytes: Buffer): Promise<void> {
    const { config, read, backlog } = this.#parts
    for (const job of jobsOfLetter(bytes, config.bucket)) {
      const kept = read.park(job.id, job.progress())
      // Before that is written: else a listing might find it first, as one that was never read.
      backlog.add(job, { first: true })
      if (!(await kept)) throw new RelayError('QUEUE_CLOSED', 'the source is stopped')
    }
  }

  stats(): SourceStats {
    const { framing, refused, accepted, healthChecks, proxied, tlsFailures, tlsEofs, idleTimeouts, aged } = this.#counters
    const zeros = { accepted, healthChecks, proxied, tlsFailures, tlsEofs, idleTimeouts, aged, connections: 0, listening: [] }
    const polling = pollingStatus(this.#parts, this.#discovery?.lastAtMs)
    return { ...framing, ...zeros, refused: { ...refused }, polling }
  }

  async #start(): Promise<void> {
    if (this.#quit.signal.aborted) return
    const { intake, read } = this.#parts
    await read.open()
    const used = await takeOverSlots(intake, read)
    const owner = this.#owner ?? (await read.owner())
    await this.#fillBacklog()
    this.#running = this.#run(used, owner)
  }

  /** What was begun, and what waits to be tried again. */
  async #fillBacklog(): Promise<void> {
    const { config, read, backlog, counts } = this.#parts
    const { bucket, prefix, claims, queue_url } = config
    const oldestS = Math.floor(Date.now() / 1000) - longestRetentionS
    for (const [id, progress] of await read.parked()) {
      const { object, done, again } = progress
      if (object.bucket !== bucket || !object.key.startsWith(prefix)) continue
      if (done && claims === undefined) {
        await read.note([{ id, modifiedS: object.modifiedS }])
        counts.completed++
      } else if (queue_url === undefined || done || again !== undefined) {
        const job = new ObjectJob(object, progress)
        job.ours = true
        backlog.add(job)
      } else if (object.modifiedS < oldestS) await read.unpark(id)
    }
  }

  async #run(usedSlots: readonly string[], owner: string): Promise<void> {
    const { config, intake, bucket, quit, hard } = this.#parts
    await this.#guarded(() => emptySlots(usedSlots, intake, quit))
    const pool = createPool(this.#parts)
    const claims = pool && createClaims(this.#parts, pool, owner)
    if (claims !== undefined) await this.#probe(claims)
    if (quit.aborted) return
    void this.#warnOfLifecycle()
    const discovery = createDiscovery(this.#parts, pool)
    this.#discovery = discovery
    const workers = new ObjectWorkers({
      ...this.#parts,
      bucket,
      claims,
      health: this.#parts.health.reading,
      claiming: this.#parts.health.claiming,
      framed: (counts) => this.#framed(counts),
      settled: (id) => discovery.settled(id),
      hard,
    })
    const all = Array.from({ length: config.concurrency }, (_, i) => this.#guarded(() => workers.run(slotName(i))))
    await Promise.all([...all, this.#guarded(() => discovery.run(quit))])
  }

  async #probe(claims: Claims): Promise<void> {
    const { claiming } = this.#parts.health
    const quit = this.#quit.signal
    while (!quit.aborted) {
      try {
        await claims.probe(quit)
        claiming.well()
        return
      } catch (error) {
        if (quit.aborted) return
        claiming.failed(sourceFailure(error, 'objects cannot be claimed'))
        await claiming.due(quit)
      }
    }
  }

  #framed(counts: SplitterCounts): void {
    const { framing } = this.#counters
    for (const name of Object.keys(framing) as (keyof typeof framing)[]) framing[name] += counts[name]
    this.#parts.intake.drop('too_long', 's3', counts.tooLong)
  }

  async #warnOfLifecycle(): Promise<void> {
    const { config, bucket, logger, quit } = this.#parts
    const warning = await lifecycleWarningOf(config, bucket, quit).catch(() => undefined)
    if (warning !== undefined) logger.warn({}, warning)
  }

  /** No mistake of ours ends the relay: what failed is begun again. */
  async #guarded(work: () => Promise<void>): Promise<void> {
    const { config, logger, quit } = this.#parts
    for (;;) {
      try {
        return await work()
      } catch (error) {
        if (quit.aborted) return
        logger.error({ code: 'INTERNAL', err: error }, 'the source failed in a part of it, which begins again')
        await wait(config.retry.max, quit)
      }
    }
  }

  async #leave(deadline: AbortSignal): Promise<void> {
    this.#quit.abort()
    await untilAbort(this.#started(), deadline)
    await untilAbort(this.#running, deadline)
  }

  async #started(): Promise<void> {
    await this.#starting?.catch(() => undefined)
  }

  async #stop(deadline: AbortSignal): Promise<void> {
    await this.leave(deadline)
    await untilAbort(this.#running, deadline)
    this.#hard.abort()
    const { backlog, read, clients } = this.#parts
    // Both may wait for a disk that takes nothing.
    read.giveUp()
    await this.#started()
    await this.#running
    backlog.close()
    await read.close()
    clients.s3.destroy()
    clients.sqs?.destroy()
  }
}
