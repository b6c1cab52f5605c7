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

/** What an index holds of the messages that `numberedMessages(count)` gives. */
export interface Numbers {
  readonly documents: number
  /** Numbers that are not there. */
  readonly missing: number
  /** Documents whose number another one has. */
  readonly repeated: number
}

/** Throws at a document that is none of these messages. */
export async function countNumbers(node: OpenSearch, index: string, count: number): Promise<Numbers> {
  const seen = new Uint8Array(count)
  let documents = 0
  let distinct = 0
  for await (const { _id, _source } of documentsOf<{ message: string }>(node, index, ['message'])) {
    const number = Number(/^n=(\d+) /.exec(_source.message)?.[1] ?? -1)
    if (!(number >= 0 && number < count)) throw new Error(`document ${_id} was never sent: ${JSON.stringify(_source).slice(0, 300)}`)
    documents++
    if (seen[number] === 0) distinct++
    seen[number] = 1
  }
  return { documents, missing: count - distinct, repeated: documents - distinct }
}

/** Throws unless there is one document for each of these messages, and no other document. */
export async function checkNumbers(node: OpenSearch, index: string, count: number): Promise<void> {
  const { documents, missing, repeated } = await countNumbers(node, index, count)
  if (missing + repeated > 0)
    throw new Error(`of ${count} messages ${missing} are missing and ${repeated} of ${documents} documents are repeated`)
}
