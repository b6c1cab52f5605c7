import type { Test } from 'tap'
import type { StoredBatch } from '../../src/core/batch.ts'
import type { Outcome } from '../../src/core/sink.ts'
import { BatchEndpoint, type BatchEndpointOptions } from '../../src/sinks/http/batch-endpoint.ts'
import { RecordingLogger } from './recording-logger.ts'
import { ScriptedDialect } from './scripted-dialect.ts'
import { type AnswerScript, ScriptedHttpClient } from './scripted-http-client.ts'
import { checkOutcome, seqsOf } from './sink-batches.ts'
import { fateOf } from './sink-fate.ts'

export const never = new AbortController().signal

export interface Subject {
  readonly client: ScriptedHttpClient
  readonly dialect: ScriptedDialect
  readonly logger: RecordingLogger
  readonly sink: BatchEndpoint
  /** Milliseconds of the endpoint's clock, which stands still unless the test moves it. */
  nowMs: number
}

export type SubjectOptions = Partial<BatchEndpointOptions & Pick<ScriptedDialect, 'around'>>

const defaults: BatchEndpointOptions = {
  max_request_size: 2 ** 20,
  max_requests_in_flight: 4,
  request_timeout: 60_000,
  compression: 'none',
}

/** An endpoint over a client in memory. */
export function subject(t: Pick<Test, 'teardown'>, script?: AnswerScript, { around, ...options }: SubjectOptions = {}): Subject {
  const client = new ScriptedHttpClient(script)
  const dialect = new ScriptedDialect(around)
  const logger = new RecordingLogger()
  const made = { client, dialect, logger, nowMs: 0 }
  const sink = new BatchEndpoint({ client, dialect, logger, options: { ...defaults, ...options }, now: () => made.nowMs })
  t.teardown(() => sink.stop(AbortSignal.abort()))
  return Object.assign(made, { sink })
}

/** What a batch comes to, by the numbers of its messages. */
export interface Fate {
  readonly delivered: number[]
  readonly rejected: [seq: number, code: string][]
  readonly retry: Outcome['retry']
}

/** What a send comes to when nothing of it is open any more. */
export async function fate(t: Test, sink: BatchEndpoint, batch: StoredBatch, sent: Outcome | Promise<Outcome>): Promise<Fate> {
  const outcome = await fateOf(sink, await sent)
  checkOutcome(t, batch, outcome)
  const rejected = outcome.rejected.map(({ seqs: [seq], error }): [number, string] => [seq, error.code])
  return { delivered: seqsOf(outcome.delivered).sort((a, b) => a - b), rejected, retry: outcome.retry }
}

export function upTo(count: number, from = 0): number[] {
  return Array.from({ length: count }, (_, i) => from + i)
}
