import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { buildSink } from '../../src/app/compose/build-sink.ts'
import { setUpElasticsearch } from '../../src/app/elasticsearch-setup.ts'
import type { Config, PipelineConfig, SinkConfig } from '../../src/config/schema.ts'
import type { StoredBatch } from '../../src/core/batch.ts'
import type { Outcome, Sink } from '../../src/core/sink.ts'
import { elasticsearchConfig } from '../support/elasticsearch-sink.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { seqsOf, storedBatch } from '../support/sink-batches.ts'
import { fateOf } from '../support/sink-fate.ts'

/** A cluster, real or not, that nothing else writes to; whatever a check makes there has a name of its own. */
export interface ElasticsearchSubject {
  readonly url: string
  /** `http.max_content_length`: bytes of a body, decompressed, above which it answers 413. */
  readonly maxBodyBytes: number
  /** A request of its API. The body is sent as JSON. */
  request(method: 'GET' | 'PUT' | 'POST', path: string, body?: object): Promise<{ readonly status: number; readonly body: unknown }>
}

export interface StoredDocument {
  readonly _index: string
  readonly _id: string
  /** In the order in which an index took its documents. */
  readonly _seq_no: number
  readonly _source: Readonly<Record<string, unknown>> & { readonly message?: string }
}

export const device = 'nginx'
const never = new AbortController().signal
const mostTries = 200

export async function demand<Body>(
  { request }: ElasticsearchSubject,
  method: 'GET' | 'PUT' | 'POST',
  path: string,
  body?: object,
): Promise<Body> {
  const answer = await request(method, path, body)
  assert.ok(answer.status >= 200 && answer.status < 300, `${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`)
  return answer.body as Body
}

/** All documents of an index, alias, data stream or pattern, in the order in which they were taken. */
export async function documentsOf(subject: ElasticsearchSubject, index: string): Promise<StoredDocument[]> {
  await demand(subject, 'POST', `/${index}/_refresh`)
  const asked = { size: 5000, seq_no_primary_term: true, query: { match_all: {} } }
  const { hits } = await demand<{ hits: { hits: StoredDocument[] } }>(subject, 'POST', `/${index}/_search`, asked)
  return hits.hits.sort((a, b) => a._seq_no - b._seq_no)
}

/** The configuration of a relay whose one sink `es` writes to the subject with one request at a time. */
export function configFor({ url }: ElasticsearchSubject, lines: Record<string, unknown>): Config {
  const retry = { initial: '20ms', max: '100ms' }
  return elasticsearchConfig({ es: { endpoints: [url], max_requests_in_flight: 1, retry, ...lines } }, [device])
}

/** Calls `use` with the sink that the relay builds of these lines. */
export async function withSink(
  subject: ElasticsearchSubject,
  lines: Record<string, unknown>,
  use: (sink: Sink) => Promise<void>,
): Promise<void> {
  const config = configFor(subject, lines)
  const pipeline = config.pipelines[device] as PipelineConfig
  const sink = buildSink(config.sinks.es as SinkConfig, { config, pipelineName: device, pipeline, logger: new RecordingLogger() })
  await sink.start()
  try {
    await use(sink)
  } finally {
    await sink.stop(AbortSignal.abort())
  }
}

/** What becomes of a batch that is sent once. */
export async function sendOnce(sink: Sink, batch: StoredBatch): Promise<Outcome> {
  return fateOf(sink, await sink.send(batch, never))
}

export interface Fate {
  readonly delivered: readonly number[]
  /** By number, its code and reason. */
  readonly rejected: ReadonlyMap<number, string>
}

/** What becomes of messages, numbered from 0, that are sent as a forwarder does: what is to be retried comes again, after a pause. */
export async function sendAll(sink: Sink, messages: readonly (string | Buffer)[]): Promise<Fate> {
  const delivered: number[] = []
  const rejected = new Map<number, string>()
  let left = messages.map((_, number) => number)
  for (let tries = 0; left.length > 0; tries++) {
    const seqs = left.map((number) => [number, number] as const)
    const outcome = await sendOnce(
      sink,
      storedBatch(
        left.map((number) => messages[number] as string),
        { seqs },
      ),
    )
    assert.ok(tries < mostTries, `it is retried for ever: ${outcome.retry?.error.message}`)
    delivered.push(...seqsOf(outcome.delivered))
    for (const { seqs, error } of outcome.rejected) for (const seq of seqsOf([seqs])) rejected.set(seq, `${error.code}: ${error.message}`)
    const named = new Set([...delivered, ...rejected.keys()])
    left = left.filter((number) => !named.has(number))
    if (left.length > 0) await pause(outcome.retry?.afterMs ?? 0)
  }
  return { delivered: delivered.sort((a, b) => a - b), rejected }
}

/** `logrelay elasticsearch setup`; resolves with what it says that it has installed. */
export async function setUp(subject: ElasticsearchSubject, lines: Record<string, unknown>): Promise<string[]> {
  const options = { retention: undefined, rolloverSize: '50gb', rolloverAge: '1d', shards: 1, replicas: 0, dryRun: false }
  const said: string[] = []
  for await (const event of setUpElasticsearch(configFor(subject, lines), options, never))
    if ('request' in event) said.push(event.request.words)
  return said
}

export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}
