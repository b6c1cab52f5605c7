import { test } from 'tap'
import { elasticsearchChecks } from '../../conformance/elasticsearch-conformance.ts'
import type { ElasticsearchSubject } from '../../conformance/elasticsearch-subject.ts'
import { BulkServer } from '../../support/bulk-server.ts'

const maxBytes = 256 * 1024

test('the bulk server of these tests does what a real cluster does', async (t) => {
  const server = await BulkServer.start({ maxBytes, distribution: 'opensearch', version: '2.19.4', ism: false })
  t.teardown(() => server.stop())
  const subject: ElasticsearchSubject = {
    url: server.url,
    maxBodyBytes: maxBytes,
    request: async (method, path, body) => {
      const answer = await fetch(`${server.url}${path}`, { method, ...(body && { body: JSON.stringify(body) }) })
      return { status: answer.status, body: await answer.json() }
    },
  }
  for (const { name, run } of elasticsearchChecks) await t.test(name, () => run(subject))
})
