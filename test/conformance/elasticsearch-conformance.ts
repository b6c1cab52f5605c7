import assert from 'node:assert/strict'
import { documentIds } from '../../src/sinks/elasticsearch/document-id.ts'
import { storedBatch } from '../support/sink-batches.ts'
import {
  demand,
  device,
  documentsOf,
  type ElasticsearchSubject,
  type StoredDocument,
  sendAll,
  sendOnce,
  setUp,
  upTo,
  withSink,
} from './elasticsearch-subject.ts'

export interface ElasticsearchCheck {
  readonly name: string
  /** Rejects where it does not hold. */
  run(subject: ElasticsearchSubject): Promise<void>
}

/** What Elasticsearch and OpenSearch are taken to do, through the sink as the relay builds it: for a real cluster and for the one in memory. */
export const elasticsearchChecks: readonly ElasticsearchCheck[] = [
  { name: 'documents arrive once, in order and under their own ids, also when they are sent again', run: arriveOnce },
  { name: 'any bytes become a document', run: anyBytes },
  { name: 'gzip and none bring the same documents', run: compressions },
  { name: 'a mapping conflict rejects its document, and it alone', run: mappingConflict },
  { name: 'a blocked index is waited for', run: blocked },
  { name: 'a full disk is waited for', run: diskFull },
  { name: 'a closed index is waited for', run: closed },
  { name: 'an ingest pipeline that is missing is nobody’s dead letter', run: missingPipeline },
  { name: 'requests above the limit of the server come in parts, and what is larger alone is a dead letter', run: tooLarge },
  { name: 'setup can be done again, and the data stream takes documents', run: setUpTwice },
  { name: 'a dated index is named after the receipt', run: datedIndex },
  { name: 'JSON bodies are taken as mapped, merged and nested', run: jsonBodies },
]

const lines = (count: number, text = 'text') => upTo(count).map((i) => `<13>1 2026-11-21T12:34:56Z host app 1 - - ${text} ${i}`)
const texts = (documents: readonly StoredDocument[]) => documents.map(({ _source }) => _source.message)

async function arriveOnce(subject: ElasticsearchSubject): Promise<void> {
  const index = 'check-once'
  const messages = lines(300)
  await withSink(subject, { index }, async (sink) => {
    for (let i = 0; i < 2; i++) {
      const outcome = await sendOnce(sink, storedBatch(messages))
      assert.deepEqual(outcome, { delivered: [[0, 299]], rejected: [] })
    }
  })
  const found = await documentsOf(subject, index)
  assert.deepEqual(
    texts(found),
    upTo(300).map((i) => `text ${i}`),
  )
  const idOf = documentIds()
  assert.deepEqual(
    found.map(({ _id }) => _id),
    upTo(300).map((seq) => idOf('test', seq)),
  )
}

async function anyBytes(subject: ElasticsearchSubject): Promise<void> {
  const index = 'check-bytes'
  const every = Buffer.from(upTo(256))
  const messages = [
    ...upTo(8).map((i) => Buffer.concat([Buffer.from('<13>1 - host app - - - '), every.subarray(32 * i, 32 * i + 32)])),
    Buffer.from('<13>1 - - - - - - häß 日本語 🙂 \u2028 \ufeff'),
    Buffer.from(''),
    Buffer.from('<13>1 - \xed\xa0\x80 app - - - half a pair', 'latin1'),
    Buffer.from('<13>1 9999-12-31T23:59:59.999999Z host app - - - far away'),
    Buffer.from(`<13>1 - - - - - - ${'long '.repeat(12_000)}`),
  ]
  await withSink(subject, { index, event_original: true }, async (sink) => {
    const { delivered } = await sendAll(sink, messages)
    assert.deepEqual(delivered, upTo(messages.length))
  })
  assert.equal((await documentsOf(subject, index)).length, messages.length)
}

async function compressions(subject: ElasticsearchSubject): Promise<void> {
  const messages = lines(100)
  const [gzip, none] = await Promise.all(
    ['gzip', 'none'].map(async (compression) => {
      const index = `check-${compression}`
      await withSink(subject, { index, compression }, async (sink) => {
        assert.deepEqual((await sendAll(sink, messages)).delivered, upTo(100))
      })
      return (await documentsOf(subject, index)).map(({ _id, _source }) => ({ _id, _source }))
    }),
  )
  assert.equal(gzip?.length, 100)
  assert.deepEqual(gzip, none)
}

async function mappingConflict(subject: ElasticsearchSubject): Promise<void> {
  const index = 'check-conflict'
  await demand(subject, 'PUT', `/${index}`, {
    mappings: { properties: { json: { properties: { took: { type: 'long' }, by: { type: 'object' } } } } },
  })
  const bodies: object[] = upTo(50).map((took) => ({ took }))
  const wrong: Record<number, object> = { 7: { took: 'a while' }, 20: { by: 'whom' }, 33: { took: { seconds: 1 } } }
  const messages = bodies.map((body, i) => `<13>1 - host app - - - ${JSON.stringify(wrong[i] ?? body)}`)
  await withSink(subject, { index, json_body: 'nest' }, async (sink) => {
    const outcome = await sendOnce(sink, storedBatch(messages))
    assert.equal(outcome.retry, undefined)
    assert.deepEqual(
      outcome.rejected.map(({ seqs, error }) => [seqs[0], error.code]),
      [7, 20, 33].map((seq) => [seq, 'DOCUMENT_REFUSED']),
    )
    for (const { error } of outcome.rejected) assert.match(error.message, /json\.(?:took|by)\b/, 'the reason names the field')
  })
  assert.deepEqual(
    (await documentsOf(subject, index)).map(({ _source }) => (_source.json as { took: number }).took),
    upTo(50).filter((i) => wrong[i] === undefined),
  )
}

function blocked(subject: ElasticsearchSubject): Promise<void> {
  return waitedFor(subject, 'check-blocked', 'INDEX_BLOCKED', /index write \(api\)/, {
    before: (path) => demand(subject, 'PUT', `${path}/_settings`, { 'index.blocks.write': true }),
    after: (path) => demand(subject, 'PUT', `${path}/_settings`, { 'index.blocks.write': null }),
  })
}

function diskFull(subject: ElasticsearchSubject): Promise<void> {
  return waitedFor(subject, 'check-disk', 'INDEX_BLOCKED', /flood-stage watermark/, {
    before: (path) => demand(subject, 'PUT', `${path}/_settings`, { 'index.blocks.read_only_allow_delete': true }),
    after: (path) => demand(subject, 'PUT', `${path}/_settings`, { 'index.blocks.read_only_allow_delete': null }),
  })
}

function closed(subject: ElasticsearchSubject): Promise<void> {
  return waitedFor(subject, 'check-closed', 'ENDPOINT_REFUSED', /closed/, {
    before: (path) => demand(subject, 'POST', `${path}/_close`),
    after: (path) => demand(subject, 'POST', `${path}/_open`),
  })
}

function missingPipeline(subject: ElasticsearchSubject): Promise<void> {
  const pipeline = 'check-pipeline'
  const given = { ingest_pipeline: pipeline }
  return waitedFor(subject, 'check-ingest', 'ENDPOINT_REFUSED', /pipeline with id \[check-pipeline\] does not exist/, {
    given,
    before: async () => {},
    after: () => demand(subject, 'PUT', `/_ingest/pipeline/${pipeline}`, { processors: [] }),
  })
}

interface Obstacle {
  readonly given?: Record<string, unknown>
  readonly before: (path: string) => Promise<unknown>
  readonly after: (path: string) => Promise<unknown>
}

/** While the obstacle is there everything waits, with words that say what it is and what to do; then everything is delivered. */
async function waitedFor(subject: ElasticsearchSubject, index: string, code: string, words: RegExp, obstacle: Obstacle): Promise<void> {
  await demand(subject, 'PUT', `/${index}`, {})
  await obstacle.before(`/${index}`)
  const messages = lines(20)
  await withSink(subject, { index, ...obstacle.given }, async (sink) => {
    for (let i = 0; i < 3; i++) {
      const { delivered, rejected, retry } = await sendOnce(sink, storedBatch(messages))
      assert.deepEqual([delivered, rejected], [[], []])
      assert.equal(retry?.error.code, code)
      assert.match(retry?.error.message ?? '', words)
      assert.ok((retry?.error.hint ?? '') !== '', 'it says what to do')
    }
    await obstacle.after(`/${index}`)
    assert.deepEqual((await sendAll(sink, messages)).delivered, upTo(20))
    assert.equal(sink.endpoints()[0]?.error, undefined)
  })
  assert.equal((await documentsOf(subject, index)).length, 20)
}

async function tooLarge(subject: ElasticsearchSubject): Promise<void> {
  const { maxBodyBytes } = subject
  const messages = lines(400, 'x'.repeat(Math.ceil(maxBodyBytes / 90)))
  messages[99] = `<13>1 - host app - - - ${'x'.repeat(maxBodyBytes)}`
  for (const compression of ['gzip', 'none']) {
    const index = `check-large-${compression}`
    await withSink(subject, { index, compression }, async (sink) => {
      const { delivered, rejected } = await sendAll(sink, messages)
      assert.deepEqual([...rejected.keys()], [99])
      assert.match(rejected.get(99) ?? '', /^MESSAGE_TOO_LARGE: .*413/)
      assert.equal(delivered.length, 399)
    })
    assert.equal((await documentsOf(subject, index)).length, 399)
  }
}

async function setUpTwice(subject: ElasticsearchSubject): Promise<void> {
  const template = '/_index_template/logrelay-logs-logrelay.device-default'
  const said = await setUp(subject, {})
  const installed = await demand(subject, 'GET', template)
  assert.deepEqual(await setUp(subject, {}), said)
  assert.deepEqual(await demand(subject, 'GET', template), installed)
  const stream = `logs-logrelay.${device}-default`
  await withSink(subject, {}, async (sink) => {
    for (let i = 0; i < 2; i++) assert.deepEqual((await sendAll(sink, lines(30))).delivered, upTo(30))
  })
  const found = await documentsOf(subject, stream)
  assert.equal(found.length, 30)
  for (const { _index } of found) assert.match(_index, new RegExp(`^\\.ds-${stream}-.*000001$`))
  assert.equal((await demand<{ data_streams: unknown[] }>(subject, 'GET', `/_data_stream/${stream}`)).data_streams.length, 1)
  await setUp(subject, {})
}

async function datedIndex(subject: ElasticsearchSubject): Promise<void> {
  await withSink(subject, { index: 'check-{device}-{yyyy.MM.dd}' }, async (sink) => {
    assert.deepEqual((await sendAll(sink, lines(10))).delivered, upTo(10))
  })
  const found = await documentsOf(subject, `check-${device}-*`)
  assert.deepEqual([...new Set(found.map(({ _index }) => _index))], [`check-${device}-2023.11.14`])
  assert.equal(found.length, 10)
}

/** Suricata's and others', and such as try what a document may have. */
const bodies = [
  '{"timestamp":"2026-11-21T12:34:56.789012+0100","event_type":"alert","src_ip":"192.0.2.1","src_port":1,"alert":{"severity":1,"signature":"x"}}',
  '{"message":"of its own","host":"a text","source":1,"log":[],"event":"start","@timestamp":"nonsense","labels":{"a":{"b":1}}}',
  '{"message":{"an":"object"},"data_stream":"none","tags":{"a":1},"ecs":null}',
  '{"a.b":1,"a":{"c":2},"list":[{"x":1},{"x":[2,3]}],"nothing":null,"yes":true}',
  '{"big":123456789012345678901234567890,"small":1e-400,"float":1.5}',
]

async function jsonBodies(subject: ElasticsearchSubject): Promise<void> {
  const messages = bodies.map((body) => `<13>1 - host app - - - ${body}`)
  for (const json_body of ['merge', 'nest']) {
    const lines = { index: `check-json-${json_body}-{yyyy}`, json_body }
    await setUp(subject, lines)
    await withSink(subject, lines, async (sink) => {
      const { delivered, rejected } = await sendAll(sink, messages)
      assert.deepEqual([...rejected], [])
      assert.deepEqual(delivered, upTo(messages.length))
    })
    const [first] = await documentsOf(subject, `check-json-${json_body}-*`)
    const { '@timestamp': timestamp, event_type, json } = first?._source ?? {}
    assert.equal(json_body === 'merge' ? event_type : (json as { event_type?: string }).event_type, 'alert')
    assert.equal(timestamp, '2026-11-21T12:34:56.789012+01:00', 'of the body')
  }
}
