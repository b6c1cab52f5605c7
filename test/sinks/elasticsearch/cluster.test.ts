import { test } from 'tap'
import { isAtLeast, readCluster } from '../../../src/sinks/elasticsearch/cluster.ts'

const read = (value: unknown) => readCluster(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)), 'http://es')

test('what answers, and in which version', async (t) => {
  const version = { number: '8.15.3', build_flavor: 'default' }
  t.strictSame(read({ cluster_uuid: 'c1', version }), {
    kind: 'elasticsearch',
    words: 'Elasticsearch 8.15.3',
    version: [8, 15],
    serverless: false,
    uuid: 'c1',
  })
  t.match(read({ version: { ...version, build_flavor: 'serverless' } }), { serverless: true, uuid: '' })
  t.match(read({ version: { distribution: 'opensearch', number: '2.19.4' } }), { kind: 'opensearch', version: [2, 19] })
  t.match(read({ version: { distribution: 'opensearch', number: '7.10.2' } }), { kind: 'opensearch', version: [1, 0] })
})

test('something else, or too old', async (t) => {
  for (const value of ['', '<html>', '[]', {}, { version: '8' }, { version: { number: 8 } }, { version: { number: 'new' } }]) {
    t.throws(() => read(value), { code: 'ENDPOINT_REFUSED', message: /neither Elasticsearch nor OpenSearch/ })
  }
  t.throws(() => read({ version: { number: '7.8.1' } }), { code: 'ENDPOINT_REFUSED', message: /7\.9/ })
  t.throws(() => read({ version: { number: '7.10.2', build_flavor: 'oss' } }), { message: /open source build/ })
})

test('versions are compared by their numbers', async (t) => {
  const cluster = read({ version: { number: '8.10.0' } })
  t.ok(isAtLeast(cluster, 8, 9) && isAtLeast(cluster, 8, 10) && isAtLeast(cluster, 7, 17))
  t.notOk(isAtLeast(cluster, 8, 11) || isAtLeast(cluster, 9, 0))
})
