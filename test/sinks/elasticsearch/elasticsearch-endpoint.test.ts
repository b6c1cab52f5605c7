import { type Test, test } from 'tap'
import { ElasticsearchDialect } from '../../../src/sinks/elasticsearch/elasticsearch-dialect.ts'
import { BatchEndpoint } from '../../../src/sinks/http/batch-endpoint.ts'
import { fate, never, upTo } from '../../support/batch-endpoint-subject.ts'
import { BulkServer, type BulkServerOptions } from '../../support/bulk-server.ts'
import { elasticsearchSink } from '../../support/elasticsearch-sink.ts'
import { clientFor } from '../../support/http-client-for.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import { storedBatch } from '../../support/sink-batches.ts'

/** The whole of a sink's endpoint, as it is composed, and the server that it sends to. */
async function endpointFor(t: Test, options?: BulkServerOptions) {
  const server = await BulkServer.start(options)
  const config = elasticsearchSink({ max_requests_in_flight: 1 })
  const client = clientFor({ port: Number(new URL(server.url).port) })
  const dialect = new ElasticsearchDialect({ sink: config, pipeline: 'p', device: 'nginx', timezone: 'UTC', endpoint: client.name })
  const sink = new BatchEndpoint({ client, dialect, logger: new RecordingLogger(), options: config })
  await sink.start()
  t.teardown(async () => {
    await sink.stop(AbortSignal.abort())
    await server.stop()
  })
  const texts = () => server.documents().map(({ message }) => message)
  return { server, sink, texts }
}

const messages = (count: number) => Array.from({ length: count }, (_, i) => `<13>Nov 22 08:00:00 host app: message ${i}`)

test('a bad document among many is a dead letter, and the others are stored', async (t) => {
  const { server, sink, texts } = await endpointFor(t)
  server.itemError = ({ message }) => {
    if (message !== 'message 70') return undefined
    return { status: 400, error: { type: 'mapper_parsing_exception', reason: "failed to parse field [a] in document with id 'x'" } }
  }
  const batch = storedBatch(messages(200))
  const { delivered, rejected, retry } = await fate(t, sink, batch, sink.send(batch, never))
  t.strictSame(rejected, [[70, 'DOCUMENT_REFUSED']])
  t.equal(retry, undefined)
  t.strictSame(
    delivered,
    upTo(200).filter((seq) => seq !== 70),
  )
  t.equal(texts().length, 199)
  t.match(server.requests[0]?.headers, { 'content-encoding': 'gzip', 'content-type': 'application/x-ndjson' })
})

test('a request that is too large comes in parts, and all of it is stored', async (t) => {
  const { server, sink, texts } = await endpointFor(t, { maxBytes: 20_000 })
  const batch = storedBatch(messages(200))
  const { delivered, rejected } = await fate(t, sink, batch, sink.send(batch, never))
  t.strictSame(rejected, [])
  t.strictSame(delivered, upTo(200))
  t.equal(new Set(texts()).size, 200)
  t.ok(server.requests.length > 5)
})

test('what was stored before its answer was cut off is there once when it is sent again', async (t) => {
  const { server, sink, texts } = await endpointFor(t)
  const batch = storedBatch(messages(50))
  await fate(t, sink, batch, sink.send(batch, never))
  t.equal(texts().length, 50)
  server.give('/_bulk', { body: '{"took":1,"errors":false}', cutAfter: 10 })
  const cut = await fate(t, sink, batch, sink.send(batch, never))
  t.match(cut, { delivered: [], rejected: [], retry: { error: { code: 'ENDPOINT_CLOSED' } } })
  t.strictSame((await fate(t, sink, batch, sink.send(batch, never))).delivered, upTo(50))
  t.equal(texts().length, 50)
})
