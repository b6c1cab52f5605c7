type Json = Record<string, unknown>

export type StoredDocuments = Map<string, Json>

export interface BulkItem {
  readonly create: { readonly status: number; readonly error?: Json }
}

export type CreateDocument = (index: string, id: string, document: Json) => BulkItem['create']

/** Creates what a `_bulk` body holds, document for document; what is wrong with it as a whole in words. */
export function answerBulk(pathIndex: string, body: Buffer, create: CreateDocument): BulkItem[] | string {
  const text = body.toString('utf8')
  if (!text.endsWith('\n')) return 'The bulk request must be terminated by a newline [\\n]'
  const lines = text.slice(0, -1).split('\n')
  const items: BulkItem[] = []
  for (let i = 0; i < lines.length; i += 2) {
    const action = parsed(lines[i] ?? '') as { create?: { _index?: string; _id: string } } | undefined
    if (action?.create === undefined) return `Malformed action/metadata line [${i + 1}]`
    const { _index: index = pathIndex, _id: id } = action.create
    const document = parsed(lines[i + 1] ?? '')
    items.push({ create: document === undefined ? unparsed : create(index, id, document) })
  }
  return items
}

const unparsed: BulkItem['create'] = {
  status: 400,
  error: {
    type: 'mapper_parsing_exception',
    reason: 'failed to parse',
    caused_by: { type: 'json_e_o_f_exception', reason: 'Unexpected end' },
  },
}

function parsed(line: string): Json | undefined {
  try {
    return JSON.parse(line) as Json
  } catch {
    return undefined
  }
}
