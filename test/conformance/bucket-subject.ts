import type { S3Client } from '@aws-sdk/client-s3'
import { s3SourceSchema } from '../../src/config/s3-schema.ts'
import type { PollingStatus } from '../../src/core/source.ts'
import { createS3Client } from '../../src/sources/s3/s3-clients.ts'
import { S3Source } from '../../src/sources/s3/s3-source.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { until } from '../support/relay-until.ts'
import { temporaryDirectory } from '../support/running-s3-source.ts'
import { S3Intake } from '../support/s3-intake.ts'

/** A bucket of a server, real or not, that nothing else uses. */
export interface TestBucket {
  readonly name: string
  readonly endpoint: string
  /** Objects in a page of a listing. */
  readonly pageSize: number
  /** Of the owner. */
  readonly credentials: { readonly access_key_id: string; readonly secret_access_key: string }
  put(key: string, content: string | Buffer): Promise<void>
  delete(key: string): Promise<void>
  /** Its only lifecycle rule. */
  expire(rule: { readonly id: string; readonly days: number; readonly prefix: string }): Promise<void>
}

export interface BucketSubject {
  createBucket(): Promise<TestBucket>
}

/** One life of a source, as the relay makes it of a configuration. */
export interface SourceLife {
  readonly source: S3Source
  readonly intake: S3Intake
  readonly logger: RecordingLogger
  readonly directory: string
  polling(): PollingStatus
  /** Looks until what /status says of it is so. */
  until(what: string, condition: (polling: PollingStatus) => boolean): Promise<PollingStatus>
  stop(): Promise<void>
  /** The end of its process: nothing is written any more, and no request is made. */
  kill(): Promise<void>
}

export interface LifeOptions {
  readonly intake?: S3Intake
  /** Of a former life. */
  readonly directory?: string
  readonly client?: (client: S3Client) => void
}

/** A bucket, and the sources of one check that read it. */
export class BucketBench {
  readonly bucket: TestBucket
  readonly #closers: (() => unknown)[] = []

  constructor(bucket: TestBucket) {
    this.bucket = bucket
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close()
  }

  /** A configuration with short times. */
  config(given: Record<string, unknown> = {}) {
    const { name, endpoint, credentials } = this.bucket
    const times = { interval: '200ms', retry: { initial: '20ms', max: '200ms' } }
    return s3SourceSchema.parse({
      type: 's3',
      bucket: name,
      endpoint,
      credentials,
      region: 'us-east-1',
      path_style: true,
      ...times,
      ...given,
    })
  }

  async start(given: Record<string, unknown> = {}, options: LifeOptions = {}): Promise<SourceLife> {
    const { intake = new S3Intake(), directory = temporaryDirectory({ teardown: (close) => void this.#closers.push(close) }) } = options
    const config = this.config(given)
    const logger = new RecordingLogger()
    const { client, die } = mortalClient(createS3Client(config))
    options.client?.(client)
    const source = new S3Source(config, { intake, logger, pipelineName: 'check', stateDirectory: directory, clients: { s3: client } })
    const polling = () => source.stats().polling as PollingStatus
    this.#closers.push(() => source.stop(AbortSignal.abort()))
    await source.start()
    return {
      ...{ source, intake, logger, directory, polling },
      until: (what, condition) =>
        until(
          () => `${what}; it says ${JSON.stringify(polling())}`,
          () => condition(polling()) && polling(),
        ),
      stop: () => source.stop(AbortSignal.timeout(20_000)),
      kill: () => {
        intake.kill()
        die()
        return source.stop(AbortSignal.abort())
      },
    }
  }
}

/** The dead make no requests: a claim that they hold is not let go of. */
function mortalClient(client: S3Client): { client: S3Client; die: () => void } {
  let dead = false
  client.middlewareStack.add(
    (next) => async (args) => {
      if (dead) throw new Error('the process of this client is dead')
      return await next(args)
    },
    { step: 'initialize', name: 'mortal' },
  )
  return { client, die: () => (dead = true) }
}

/** Everything that was found is read. */
export function idle({ state, waiting, reading, lastListedAtMs }: PollingStatus): boolean {
  return state === 'idle' && waiting === 0 && reading === 0 && lastListedAtMs !== undefined
}

/** Waits until so many objects are read and nothing is left to do. */
export async function completed(life: SourceLife, count: number): Promise<void> {
  await life.until(`${count} objects to be read`, (polling) => polling.completed === count && idle(polling))
}

/** Another listing begins and ends. */
export async function listedAgain(life: SourceLife): Promise<void> {
  for (let i = 0; i < 2; i++) {
    const before = life.polling().lastListedAtMs
    await life.until('another listing', ({ lastListedAtMs }) => lastListedAtMs !== before)
  }
}

/** All that these have read, sorted. */
export function textsOf(lives: readonly SourceLife[]): string[] {
  return lives.flatMap(({ intake }) => intake.disk.texts).sort()
}
