import { elasticsearchChecks } from '../conformance/elasticsearch-conformance.ts'
import { OpenSearch } from './support/opensearch.ts'
import type { Room } from './support/room.ts'
import { runChecks } from './support/run-checks.ts'
import type { Scenario } from './support/scenario.ts'

export const scenarios: readonly Scenario[] = [
  { name: 'a real OpenSearch does what the server of the tests does', run: conformance, limitMs: 180_000 },
]

const maxBodyBytes = 256 * 1024

async function conformance(room: Room): Promise<string> {
  const [node] = (await OpenSearch.cluster(room, 1, { settings: { 'http.max_content_length': `${maxBodyBytes}b` } })) as [OpenSearch]
  const subject = { url: node.url, maxBodyBytes, request: node.request.bind(node) }
  return await runChecks(elasticsearchChecks, subject)
}
