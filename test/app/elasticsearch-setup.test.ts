import { type Test, test } from 'tap'
import { type ElasticsearchSetupOptions, type SetupEvent, setUpElasticsearch } from '../../src/app/elasticsearch-setup.ts'
import { BulkServer, type BulkServerOptions } from '../support/bulk-server.ts'
import { elasticsearchConfig } from '../support/elasticsearch-sink.ts'

const never = new AbortController().signal
const usual: ElasticsearchSetupOptions = {
  retention: '30d',
  rolloverSize: '50gb',
  rolloverAge: '1d',
  shards: 1,
  replicas: 1,
  dryRun: false,
}
const nowhere = 'http://127.0.0.1:1'

async function serverFor(t: Test, options?: BulkServerOptions): Promise<BulkServer> {
  const server = await BulkServer.start(options)
  t.teardown(() => server.stop())
  return server
}

async function setUp(
  sinks: Record<string, Record<string, unknown>>,
  options: Partial<ElasticsearchSetupOptions> = {},
): Promise<SetupEvent[]> {
  const events: SetupEvent[] = []
  const made = setUpElasticsearch(elasticsearchConfig(sinks), { ...usual, ...options }, never)
  for await (const event of made) events.push(event)
  return events
}

const notes = (events: SetupEvent[]) => events.flatMap((event) => ('note' in event ? [event.note] : []))

test('Elasticsearch: everything is installed, by the first endpoint that answers', async (t) => {
  const server = await serverFor(t)
  const events = await setUp({ siem: { endpoints: [nowhere, server.url] } })
  t.match(events[0], { cluster: 'Elasticsearch 8.15.0', endpoint: server.url, sink: 'siem' })
  const name = 'logrelay-logs-logrelay.device-default'
  t.strictSame([...server.installed.keys()], [`/_ilm/policy/${name}`, '/_component_template/logrelay-mappings', `/_index_template/${name}`])
  t.equal(events.filter((event) => 'request' in event).length, 3)
  await setUp({ siem: { endpoints: [server.url] } })
  t.equal(server.installed.size, 3)
})

test('OpenSearch: a policy that is there is replaced by naming its version', async (t) => {
  const server = await serverFor(t, { distribution: 'opensearch', version: '2.19.4' })
  const policies = () => server.requests.filter(({ method, path }) => method === 'PUT' && path.includes('_ism')).map(({ query }) => query)
  await setUp({ siem: { endpoints: [server.url] } })
  await setUp({ siem: { endpoints: [server.url] } }, { retention: '7d' })
  const events = await setUp({ siem: { endpoints: [server.url] } }, { retention: '14d' })
  t.strictSame(policies(), ['', 'if_seq_no=0&if_primary_term=1', 'if_seq_no=1&if_primary_term=1'])
  t.match(JSON.stringify(server.installed.get('/_plugins/_ism/policies/logrelay-logs-logrelay.device-default')), /"14d"/)
  t.match(notes(events).join(), /former version/)
})

test('OpenSearch without its plugin: nothing is begun that cannot be finished', async (t) => {
  const server = await serverFor(t, { distribution: 'opensearch', version: '2.19.4', ism: false })
  const sinks = { siem: { endpoints: [server.url] } }
  await t.rejects(setUp(sinks), { code: 'ENDPOINT_REFUSED', message: /no Index State Management plugin/, hint: /--retention/ })
  t.equal(server.installed.size, 0)
  t.match(notes(await setUp(sinks, { retention: undefined })).join(), /ever rolled over.*Index State Management/)
  t.equal(server.installed.size, 2)
})

test('a dry run asks and changes nothing', async (t) => {
  for (const distribution of ['elasticsearch', 'opensearch'] as const) {
    const server = await serverFor(t, { distribution, version: distribution === 'opensearch' ? '2.19.4' : '8.15.0' })
    const events = await setUp({ siem: { endpoints: [server.url] } }, { dryRun: true })
    t.equal(events.filter((event) => 'request' in event).length, 3)
    t.equal(server.installed.size, 0)
    t.ok(server.requests.every(({ method }) => method === 'GET'))
  }
})

test('sinks that write to the same place are set up once', async (t) => {
  const server = await serverFor(t)
  const events = await setUp({
    one: { endpoints: [server.url] },
    two: { endpoints: [server.url] },
    other: { endpoints: [server.url], index: 'syslog' },
  })
  t.strictSame(
    notes(events).filter((note) => note.includes('same place')),
    ['writes to the same place as one'],
  )
  t.equal(server.requests.filter(({ path }) => path.startsWith('/_ilm')).length, 1)
  t.match(notes(events).join(), /--retention has no effect: all documents go to syslog/)
})

test('one sink of several, or none', async (t) => {
  const server = await serverFor(t)
  const sinks = { one: { endpoints: [server.url] }, two: { endpoints: [nowhere] } }
  t.equal((await setUp(sinks, { sink: 'one' })).filter((event) => 'cluster' in event).length, 1)
  await t.rejects(setUp(sinks, { sink: 'three' }), { code: 'CONFIG_INVALID', message: /no sink "three"/, hint: 'there is one, two' })
})

test('the API key goes along', async (t) => {
  const server = await serverFor(t)
  await setUp({ one: { endpoints: [server.url], api_key: 'a2V5' } })
  t.ok(server.requests.every(({ headers }) => headers.authorization === 'ApiKey a2V5'))
})

test('a cluster that does not let us says which rights are missing', async (t) => {
  const server = await serverFor(t)
  const error = { type: 'security_exception', reason: 'action [cluster:admin/ilm/put] is unauthorized for user [x]' }
  server.give('logrelay-mappings', { status: 403, body: JSON.stringify({ error, status: 403 }) })
  await t.rejects(setUp({ one: { endpoints: [server.url] } }), {
    code: 'ENDPOINT_AUTH',
    message: /PUT \/_component_template\/logrelay-mappings at http.* 403: security_exception: .*unauthorized/,
    hint: /manage_index_templates/,
  })
})

test('what a cluster will not have', async (t) => {
  const server = await serverFor(t)
  const reason = 'index template [b] has index patterns [x] matching patterns from existing templates [a] that have the same priority [1]'
  server.give('-default', { status: 400, body: JSON.stringify({ error: { type: 'illegal_argument_exception', reason } }) })
  await t.rejects(setUp({ one: { endpoints: [server.url] } }), { code: 'ENDPOINT_REFUSED', message: /same priority/ })
})

test('clusters that cannot be reached, are too old, or are none', async (t) => {
  await t.rejects(setUp({ one: { endpoints: [nowhere] } }), { code: 'ENDPOINT_UNREACHABLE' })
  const old = await serverFor(t, { version: '7.6.2' })
  await t.rejects(setUp({ one: { endpoints: [old.url] } }), { code: 'ENDPOINT_REFUSED', message: /7\.9/ })
  const other = await serverFor(t)
  other.give('/', { body: '<html><title>Sign in</title></html>' })
  await t.rejects(setUp({ one: { endpoints: [other.url] } }), { code: 'ENDPOINT_REFUSED', message: /Sign in/ })
  other.give('/', { status: 401, body: '{"error":{"type":"security_exception","reason":"missing authentication"}}' })
  await t.rejects(setUp({ one: { endpoints: [other.url] } }), { code: 'ENDPOINT_AUTH', message: /401/ })
})
