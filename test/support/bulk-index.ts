import type { BulkItem, StoredDocuments } from './bulk-items.ts'
import { BulkMapping } from './bulk-mapping.ts'

type Json = Record<string, unknown>

const blocks: Readonly<Record<string, readonly [status: number, words: string]>> = {
  'index.blocks.write': [403, 'FORBIDDEN/8/index write (api)'],
  'index.blocks.read_only': [403, 'FORBIDDEN/5/index read-only (api)'],
  'index.blocks.read_only_allow_delete': [
    429,
    'TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, index has read-only-allow-delete block',
  ],
}

export interface BulkIndexOptions {
  readonly mappings?: Json
  readonly ignoreMalformed?: boolean
  readonly dataStream?: boolean
}

/** An index, or a data stream of one index, in memory. */
export class BulkIndex {
  readonly name: string
  readonly isDataStream: boolean
  readonly documents: StoredDocuments = new Map()
  /** The settings that were changed. */
  readonly settings = new Map<string, unknown>()
  closed = false
  readonly #mapping: BulkMapping

  constructor(name: string, { mappings, ignoreMalformed, dataStream = false }: BulkIndexOptions = {}) {
    this.name = name
    this.isDataStream = dataStream
    this.#mapping = new BulkMapping(mappings, ignoreMalformed)
  }

  /** Where its documents lie: the index that is behind a data stream, too. */
  get backing(): string {
    return this.isDataStream ? `.ds-${this.name}-000001` : this.name
  }

  /** An id that is there is not written again. */
  create(id: string, document: Json): BulkItem['create'] {
    if (this.closed) return refusal(400, 'index_closed_exception', 'closed')
    for (const [setting, [status, words]] of Object.entries(blocks)) {
      const reason = `index [${this.backing}] blocked by: [${words}];`
      if (this.settings.get(setting) === true) return refusal(status, 'cluster_block_exception', reason)
    }
    if (this.isDataStream && document['@timestamp'] === undefined) {
      const reason = "documents must contain a single-valued timestamp field '@timestamp' of date type"
      return refusal(400, 'mapper_parsing_exception', 'failed to parse', { type: 'illegal_argument_exception', reason })
    }
    const error = this.#mapping.take(document, id)
    if (error !== undefined) return { status: 400, error }
    if (this.documents.has(id)) {
      const reason = `[${id}]: version conflict, document already exists (current version [1])`
      return refusal(409, 'version_conflict_engine_exception', reason)
    }
    this.documents.set(id, document)
    return { status: 201 }
  }

  /** As a search answers with them. */
  hits(): Json[] {
    return [...this.documents].map(([_id, _source], _seq_no) => ({ _index: this.backing, _id, _seq_no, _source }))
  }
}

export function refusal(status: number, type: string, reason: string, causedBy?: Json): { status: number; error: Json } {
  return { status, error: { type, reason, ...(causedBy && { caused_by: causedBy }) } }
}
