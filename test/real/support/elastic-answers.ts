import type { OpenSearch } from './opensearch.ts'

interface NodeStats {
  readonly nodes: Readonly<Record<string, { readonly indices: { readonly indexing: { readonly doc_status?: Record<string, number> } } }>>
}

/** What the node, in its present life, has answered for documents that it was sent: created, or refused (409: it was there). In words. */
export async function answersOf(node: OpenSearch): Promise<string> {
  const { nodes } = await node.demand<NodeStats>('GET', '/_nodes/_local/stats/indices/indexing')
  const { '2xx': created = 0, '4xx': refused = 0 } = Object.values(nodes)[0]?.indices.indexing.doc_status ?? {}
  return `${created} created, ${refused} times 409`
}
