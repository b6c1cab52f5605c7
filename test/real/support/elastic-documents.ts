import type { OpenSearch } from './opensearch.ts'

export interface StoredDocument<Source> {
  readonly _index: string
  readonly _id: string
  readonly _source: Source
}

interface Page<Source> {
  readonly _scroll_id: string
  readonly hits: { readonly hits: readonly StoredDocument<Source>[] }
}

/** All documents of an index, alias or data stream, in no order, with these fields alone. */
export async function* documentsOf<Source>(
  node: OpenSearch,
  index: string,
  fields: readonly string[],
): AsyncGenerator<StoredDocument<Source>> {
  await node.demand('POST', `/${index}/_refresh`)
  const asked = { size: 10_000, sort: ['_doc'], _source: fields }
  let page = await node.demand<Page<Source>>('POST', `/${index}/_search?scroll=1m`, asked)
  while (page.hits.hits.length > 0) {
    yield* page.hits.hits
    page = await node.demand<Page<Source>>('POST', '/_search/scroll', { scroll: '1m', scroll_id: page._scroll_id })
  }
  await node.demand('DELETE', '/_search/scroll', { scroll_id: page._scroll_id })
}

/** Throws unless there is one document for each number that `numberedMessages(count)` gives, and no other document. */
export async function checkNumbers(node: OpenSearch, index: string, count: number): Promise<void> {
  const copies = new Uint8Array(count)
  for await (const { _id, _source } of documentsOf<{ message: string }>(node, index, ['message'])) {
    const number = Number(/^n=(\d+) /.exec(_source.message)?.[1] ?? -1)
    if (!(number >= 0 && number < count)) throw new Error(`document ${_id} was never sent: ${JSON.stringify(_source).slice(0, 300)}`)
    copies[number] = (copies[number] as number) + 1
  }
  const missing = copies.filter((n) => n === 0).length
  const several = copies.filter((n) => n > 1).length
  if (missing + several > 0) throw new Error(`of ${count} messages ${missing} are not there and ${several} are there more than once`)
}
