import type { HttpEndpoint } from '../../config/formats.ts'
import { largestAnswer, largestBulkAnswer } from '../../config/http-schema.ts'
import type { ElasticsearchSinkConfig, HttpSinkConfig } from '../../config/schema.ts'
import type { Logger } from '../../core/logger.ts'
import type { EndpointSink } from '../../core/sink.ts'
import { apiKeyAuthorization } from '../../sinks/elasticsearch/api-key.ts'
import { ElasticsearchDialect } from '../../sinks/elasticsearch/elasticsearch-dialect.ts'
import { BatchEndpoint } from '../../sinks/http/batch-endpoint.ts'
import type { Dialect } from '../../sinks/http/dialect.ts'
import { HttpDialect } from '../../sinks/http/http-dialect.ts'
import { SplunkHecDialect, splunkAuthorization } from '../../sinks/http/splunk-hec-dialect.ts'
import { UndiciClient } from '../../sinks/http/undici-client.ts'
import { createFormatter } from '../../syslog/formatter.ts'

/** What documents say of where they come from. */
export interface DocumentContext {
  readonly pipelineName: string
  readonly device: string
  readonly timezone: string
  /** Carries `pipeline` and `sink`. */
  readonly logger: Logger
}

export function buildElasticsearchEndpoint(endpoint: HttpEndpoint, sink: ElasticsearchSinkConfig, context: DocumentContext): EndpointSink {
  const { pipelineName: pipeline, device, timezone } = context
  const authorization = apiKeyAuthorization(sink)
  const maxAnswerBytes = largestBulkAnswer(sink.max_request_size)
  const client = new UndiciClient({ endpoint, options: sink, maxAnswerBytes, ...(authorization && { authorization }) })
  const dialect = new ElasticsearchDialect({ sink, pipeline, device, timezone, endpoint: client.name })
  return new BatchEndpoint({ client, dialect, options: sink, logger: context.logger.child({ endpoint: client.name }) })
}

export function buildHttpEndpoint(endpoint: HttpEndpoint, sink: HttpSinkConfig, context: DocumentContext): EndpointSink {
  const { pipelineName, device, timezone } = context
  const { splunk, encoding, method } = sink
  const hec = sink.preset === 'splunk_hec' && splunk !== undefined ? splunk : undefined
  const client = new UndiciClient({
    endpoint,
    options: sink,
    maxAnswerBytes: largestAnswer,
    ...(hec && { authorization: splunkAuthorization(hec.token) }),
  })
  const name = client.name
  const dialect: Dialect =
    hec === undefined
      ? new HttpDialect({ encoding, method, format: createFormatter(encoding === 'lines' ? sink.format : 'json', context), endpoint: name })
      : new SplunkHecDialect({ splunk: hec, pipelineName, device, timezone, endpoint: name })
  return new BatchEndpoint({ client, dialect, options: sink, logger: context.logger.child({ endpoint: name }) })
}
