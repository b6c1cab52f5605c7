import type { Message } from '../../batch/messages.ts'
import { deviceType } from '../../config/device-types.ts'
import type { ElasticsearchSinkConfig } from '../../config/schema.ts'
import { createDocument } from '../../syslog/document.ts'
import type { IndexNames } from '../../syslog/index-name.ts'
import type { Dialect, Judgement, NumberedMessage } from '../http/dialect.ts'
import type { HttpAnswer, HttpRequest } from '../http/http-client.ts'
import { documentIds } from './document-id.ts'
import { indexTarget } from './index-target.ts'
import { judgeAnswer } from './judge-answer.ts'

export interface ElasticsearchDialectOptions {
  readonly sink: ElasticsearchSinkConfig
  readonly pipeline: string
  /** Of the pipeline's source. */
  readonly device: string
  readonly timezone: string
  /** Who answers, for the words: `https://es-1.example.com:9200`. */
  readonly endpoint: string
}

/** All that is needed of an answer. Statuses are there for good documents too: an item's place says whose it is. */
const wanted = 'filter_path=took,errors,items.*.status,items.*.error'

/**
 * The `_bulk` API of Elasticsearch 7 to 9 and OpenSearch. Each message is created under an id of its own, so one that is sent again is never there
 * twice: within one index, or the part of a data stream that is written to.
 */
export class ElasticsearchDialect implements Dialect {
  readonly around = { before: '', between: '', after: '' }
  readonly #document: (message: Message) => unknown
  readonly #id = documentIds()
  /** Undefined where all documents go to one index, which the path names. */
  readonly #index: ((receivedAtMs: number) => string) | undefined
  readonly #path: string
  readonly #endpoint: string

  constructor({ sink, pipeline, device, timezone, endpoint }: ElasticsearchDialectOptions) {
    const names: IndexNames = { pipeline, device }
    const { index, dataStream } = indexTarget(sink, names)
    this.#document = createDocument({
      device,
      timezone,
      eventOriginal: sink.event_original,
      jsonBody: sink.json_body,
      jsonField: sink.json_field,
      labels: sink.labels,
      observer: deviceType(device)?.observer,
      dataStream,
    })
    this.#index = typeof index === 'string' ? undefined : index
    const ingest = sink.ingest_pipeline === undefined ? '' : `&pipeline=${encodeURIComponent(sink.ingest_pipeline)}`
    this.#path = `${typeof index === 'string' ? `/${encodeURIComponent(index)}` : ''}/_bulk?${wanted}${ingest}`
    this.#endpoint = endpoint
  }

  /** Two lines: what to do, and the document. Names of indices and ids need no escape in JSON. */
  encode(message: NumberedMessage): string {
    const id = this.#id(message.queueId, message.seq)
    const index = this.#index === undefined ? '' : `"_index":"${this.#index(message.receivedAtMs)}",`
    return `{"create":{${index}"_id":"${id}"}}\n${JSON.stringify(this.#document(message))}\n`
  }

  request(body: Buffer, encoding: 'gzip' | 'zstd' | undefined): HttpRequest {
    const headers = { 'content-type': 'application/x-ndjson', ...(encoding !== undefined && { 'content-encoding': encoding }) }
    return { method: 'POST', path: this.#path, headers, body }
  }

  judge(answer: HttpAnswer, documents: number): Judgement {
    return judgeAnswer(answer, documents, this.#endpoint)
  }
}
