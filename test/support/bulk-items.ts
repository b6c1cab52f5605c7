type Json = Record<string, unknown>

export type StoredDocuments = Map<string, Json>

export interface BulkItem {
  readonly create: { readonly status: number; readonly error?: Json }
}

/** Creates what a `_bulk` body holds, as Elasticsearch does: an id that is there is not written again. Undefined where it is no such body. */
export function answerBulk(
  indices: Map<string, StoredDocuments>,
  pathIndex: string,
  body: Buffer,
  itemError: (document: Json, index: string) => { status: number; error: Json } | undefined,
): BulkItem[] | undefined {
  const text = body.toString('utf8')
  if (!text.endsWith('\n')) return undefined
  const lines = text.slice(0, -1).split('\n')
  const items: BulkItem[] = []
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const action = JSON.parse(lines[i] as string) as { create?: { _index?: string; _id: string } }
    if (action.create === undefined) return undefined
    const { _index: index = pathIndex, _id: id } = action.create
    const document = JSON.parse(lines[i + 1] as string) as Json
    const error = itemError(document, index)
    items.push({ create: error ?? create(indices, index, id, document) })
  }
  return lines.length % 2 === 0 ? items : undefined
}

function create(indices: Map<string, StoredDocuments>, index: string, id: string, document: Json): BulkItem['create'] {
  const documents = indices.get(index) ?? new Map<string, Json>()
  indices.set(index, documents)
  if (documents.has(id)) {
    const reason = `[${id}]: version conflict, document already exists (current version [1])`
    return { status: 409, error: { type: 'version_conflict_engine_exception', reason } }
  }
  documents.set(id, document)
  return { status: 201 }
}
