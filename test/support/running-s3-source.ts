import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { s3SourceSchema } from '../../src/config/s3-schema.ts'
import type { S3SourceConfig } from '../../src/config/schema.ts'
import { S3Source } from '../../src/sources/s3/s3-source.ts'
import { RecordingLogger } from './recording-logger.ts'
import { S3Intake } from './s3-intake.ts'
import type { S3Server } from './s3-server.ts'

export interface Context {
  teardown(fn: () => unknown): void
}

export function temporaryDirectory(t: Context): string {
  const directory = mkdtempSync(join(tmpdir(), 'logrelay-s3-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** A configuration with short times. */
export function s3Config(server: S3Server, given: Record<string, unknown> = {}): S3SourceConfig {
  const config = s3SourceSchema.parse({
    type: 's3',
    bucket: 'logs',
    region: 'us-east-1',
    path_style: true,
    credentials: { access_key_id: 'id', secret_access_key: 'key' },
    interval: '100ms',
    retry: { initial: '20ms', max: '100ms' },
    ...given,
  })
  return { ...config, endpoint: server.endpoint }
}

export interface Running {
  readonly source: S3Source
  readonly intake: S3Intake
  readonly logger: RecordingLogger
  readonly directory: string
  stop(): Promise<void>
  /** The end of its process as far as one can see from outside: nothing is written any more, nothing in hand is handed over. */
  kill(): Promise<void>
}

export interface RunOptions {
  readonly intake?: S3Intake
  readonly directory?: string
  readonly owner?: string
  /** What else ends with its process. */
  readonly onKill?: () => void
}

/** A started source; the test's end stops it. */
export async function runS3(t: Context, config: S3SourceConfig, options: RunOptions = {}): Promise<Running> {
  const { intake = new S3Intake(), directory = temporaryDirectory(t), owner, onKill = () => undefined } = options
  const logger = new RecordingLogger()
  const source = new S3Source(config, { intake, logger, pipelineName: 'test', stateDirectory: directory, owner })
  await source.start()
  let stopping: Promise<void> | undefined
  const stop = (deadline = AbortSignal.timeout(20_000)) => {
    stopping ??= source.stop(deadline)
    return stopping
  }
  const kill = () => {
    intake.kill()
    onKill()
    return stop(AbortSignal.abort())
  }
  t.teardown(() => stop(AbortSignal.abort()))
  return { source, intake, logger, directory, stop: () => stop(), kill }
}

/** Until it is true, which nothing tells of. */
export async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(5)
}

export function lines(name: string, count: number, length = 0): string[] {
  return Array.from({ length: count }, (_, i) => `${name} line ${i} `.padEnd(length, 'x'))
}

export function asObject(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('')
}
