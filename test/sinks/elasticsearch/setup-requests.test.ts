import { test } from 'tap'
import type { Cluster } from '../../../src/sinks/elasticsearch/cluster.ts'
import { type SetupOptions, setupRequests } from '../../../src/sinks/elasticsearch/setup-requests.ts'
import type { SetupTarget } from '../../../src/sinks/elasticsearch/setup-targets.ts'

const elasticsearch: Cluster = { kind: 'elasticsearch', words: 'Elasticsearch 8.15.0', version: [8, 15], serverless: false, uuid: 'c' }
const opensearch: Cluster = { kind: 'opensearch', words: 'OpenSearch 2.19.4', version: [2, 19], serverless: false, uuid: 'c' }
const streams: SetupTarget = { sink: 's', name: 'logrelay-x', patterns: ['logs-logrelay.*-default'], kind: 'data_stream' }
const daily: SetupTarget = { sink: 's', name: 'logrelay-x', patterns: ['syslog-*-*'], kind: 'daily' }
const fixed: SetupTarget = { sink: 's', name: 'logrelay-x', patterns: ['syslog'], kind: 'fixed' }
const options: SetupOptions = { retention: '30d', rolloverSize: '50gb', rolloverAge: '1d', shards: 2, replicas: 1 }

// biome-ignore lint/suspicious/noExplicitAny: bodies are looked into
type Body = any

function bodies(cluster: Cluster, target: SetupTarget, given: Partial<SetupOptions> = {}): Record<string, Body> {
  return Object.fromEntries(setupRequests(cluster, target, { ...options, ...given }).map(({ path, body }) => [path, body]))
}

test('Elasticsearch: a policy, the mappings, and the template that names both', async (t) => {
  const all = bodies(elasticsearch, streams)
  t.strictSame(Object.keys(all), ['/_ilm/policy/logrelay-x', '/_component_template/logrelay-mappings', '/_index_template/logrelay-x'])
  t.strictSame(all['/_ilm/policy/logrelay-x'].policy.phases, {
    hot: { min_age: '0ms', actions: { rollover: { max_primary_shard_size: '50gb', max_age: '1d' } } },
    delete: { min_age: '30d', actions: { delete: {} } },
  })
  t.match(all['/_index_template/logrelay-x'], {
    index_patterns: ['logs-logrelay.*-default'],
    priority: 272,
    data_stream: {},
    composed_of: ['logrelay-mappings'],
    template: { settings: { 'index.lifecycle.name': 'logrelay-x', 'index.number_of_shards': 2, 'index.number_of_replicas': 1 } },
  })
})

test('nothing is deleted unless it is asked for', async (t) => {
  const kept = bodies(elasticsearch, streams, { retention: undefined })
  t.strictSame(Object.keys(kept['/_ilm/policy/logrelay-x'].policy.phases), ['hot'])
  const { policy } = bodies(opensearch, streams, { retention: undefined })['/_plugins/_ism/policies/logrelay-x']
  t.strictSame(
    policy.states.map(({ name, transitions }: Body) => [name, transitions]),
    [['written', []]],
  )
  t.notOk('/_ilm/policy/logrelay-x' in bodies(elasticsearch, daily, { retention: undefined }))
})

test('indices by day are deleted and not rolled over', async (t) => {
  const all = bodies(elasticsearch, daily)
  t.strictSame(all['/_ilm/policy/logrelay-x'].policy.phases.hot.actions, {})
  t.notOk('data_stream' in all['/_index_template/logrelay-x'])
  const { policy } = bodies(opensearch, daily)['/_plugins/_ism/policies/logrelay-x']
  t.match(policy.states[0], { actions: [], transitions: [{ conditions: { min_index_age: '30d' } }] })
})

test('one index for ever has no policy: it would be deleted as a whole', async (t) => {
  for (const cluster of [elasticsearch, opensearch]) {
    const all = bodies(cluster, fixed)
    t.strictSame(Object.keys(all), ['/_component_template/logrelay-mappings', '/_index_template/logrelay-x'])
    t.notOk('index.lifecycle.name' in all['/_index_template/logrelay-x'].template.settings)
  }
})

test('OpenSearch: a policy that finds its data streams itself', async (t) => {
  const all = bodies(opensearch, streams)
  t.strictSame(all['/_plugins/_ism/policies/logrelay-x'].policy, {
    description: 'Indices that logrelay writes',
    default_state: 'written',
    states: [
      {
        name: 'written',
        actions: [{ rollover: { min_primary_shard_size: '50gb', min_index_age: '1d' } }],
        transitions: [{ state_name: 'deleted', conditions: { min_rollover_age: '30d' } }],
      },
      { name: 'deleted', actions: [{ delete: {} }], transitions: [] },
    ],
    ism_template: [{ index_patterns: ['logs-logrelay.*-default'], priority: 272 }],
  })
  t.notOk('index.lifecycle.name' in all['/_index_template/logrelay-x'].template.settings)
})

test('what a version does not know is left out', async (t) => {
  const mappings = (cluster: Cluster) => bodies(cluster, streams)['/_component_template/logrelay-mappings'].template.mappings.properties
  const dataOf = (cluster: Cluster) => mappings(cluster).log.properties.syslog.properties.structured_data
  const versions: [cluster: Cluster, message: string, data: string][] = [
    [elasticsearch, 'match_only_text', 'flattened'],
    [{ ...elasticsearch, version: [7, 13] }, 'text', 'flattened'],
    [opensearch, 'match_only_text', 'flat_object'],
    [{ ...opensearch, version: [2, 11] }, 'text', 'flat_object'],
    [{ ...opensearch, version: [1, 3] }, 'text', 'object'],
  ]
  for (const [cluster, message, data] of versions) {
    t.equal(mappings(cluster).message.type, message)
    t.equal(dataOf(cluster).type, data)
  }
  const old = bodies({ ...elasticsearch, version: [7, 10] }, streams)
  t.strictSame(old['/_ilm/policy/logrelay-x'].policy.phases.hot.actions.rollover, { max_size: '50gb', max_age: '1d' })
  const beyond = 'index.mapping.total_fields.ignore_dynamic_beyond_limit'
  t.ok(beyond in bodies(elasticsearch, streams)['/_index_template/logrelay-x'].template.settings)
  for (const cluster of [opensearch, { ...elasticsearch, version: [8, 13] as const }]) {
    t.notOk(beyond in bodies(cluster, streams)['/_index_template/logrelay-x'].template.settings)
  }
})

test('serverless: the template itself says how long documents are kept', async (t) => {
  const cluster = { ...elasticsearch, serverless: true }
  const all = bodies(cluster, streams)
  t.strictSame(Object.keys(all), ['/_component_template/logrelay-mappings', '/_index_template/logrelay-x'])
  const { settings, lifecycle } = all['/_index_template/logrelay-x'].template
  t.strictSame(lifecycle, { data_retention: '30d' })
  t.notOk('index.number_of_shards' in settings || 'index.lifecycle.name' in settings)
  t.strictSame(bodies(cluster, streams, { retention: undefined })['/_index_template/logrelay-x'].template.lifecycle, {})
})

test('the template that says more of a name comes first', async (t) => {
  const priority = (patterns: string[]) => bodies(elasticsearch, { ...daily, patterns })['/_index_template/logrelay-x'].priority
  t.ok(priority(['syslog-web-*']) > priority(['syslog-*']))
  t.ok(priority(['*']) > 200)
})

test('each request says in words what it installs', async (t) => {
  const words = setupRequests(elasticsearch, streams, options).map((request) => request.words)
  t.strictSame(words, [
    'lifecycle policy logrelay-x: begins a new index after 1d or 50gb a shard, deletes an index 30d later',
    'component template logrelay-mappings: the types of the fields that logrelay writes',
    'index template logrelay-x for data streams named logs-logrelay.*-default: 2 shards, 1 replica',
  ])
})
