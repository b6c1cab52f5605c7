import { type Endpoint, formatEndpoint } from '../../config/formats.ts'
import type { Config, PipelineConfig, SinkConfig, SyslogSinkConfig } from '../../config/schema.ts'
import type { Logger } from '../../core/logger.ts'
import type { EndpointSink, Sink } from '../../core/sink.ts'
import { BalancedSink } from '../../delivery/balanced-sink.ts'
import { bindTcpState } from '../../native/tcp-state.ts'
import { Backoff } from '../../retry/backoff.ts'
import { FileSink } from '../../sinks/file-sink.ts'
import { RelpEndpoint } from '../../sinks/relp-endpoint.ts'
import { SyslogDatagramEndpoint } from '../../sinks/syslog-datagram-endpoint.ts'
import { type EndpointContext, SyslogStreamEndpoint } from '../../sinks/syslog-stream-endpoint.ts'
import { createFormatter, type FormatMessage } from '../../syslog/formatter.ts'
import { sinkFilePath } from '../paths.ts'
import { buildElasticsearchEndpoint, buildHttpEndpoint } from './build-http-endpoint.ts'

export interface SinkContext {
  readonly config: Config
  readonly pipelineName: string
  readonly pipeline: PipelineConfig
  /** Carries `pipeline` and `sink`. */
  readonly logger: Logger
}

export function buildSink(sink: SinkConfig, context: SinkContext): Sink {
  const { config, pipelineName, logger } = context
  if (sink.type === 'file') {
    return new FileSink(sink, {
      path: sinkFilePath(config.data_dir, sink.path, pipelineName),
      format: formatOf(sink.format, context),
      logger,
    })
  }
  const { balance } = sink
  const endpoints = endpointsOf(sink, context).map((endpoint) => ({ sink: endpoint, backoff: backoffOf(sink) }))
  // An HTTP request has a timeout of its own.
  return new BalancedSink(endpoints, { balance, ...(sink.type === 'syslog' && { sendTimeoutMs: sink.send_timeout }), logger })
}

/** How many sends at a time: failover keeps the order with one. */
export function lanesOf(sink: SinkConfig): number {
  return sink.type !== 'file' && sink.balance !== 'failover' ? sink.endpoints.length : 1
}

export function backoffOf({ retry }: SinkConfig): Backoff {
  return new Backoff({ initialMs: retry.initial, maxMs: retry.max })
}

function endpointsOf(sink: Exclude<SinkConfig, { type: 'file' }>, context: SinkContext): EndpointSink[] {
  if (sink.type === 'syslog') return sink.endpoints.map((endpoint) => buildSyslogEndpoint(endpoint, sink, context))
  const { pipelineName, pipeline, logger } = context
  const { device, timezone } = pipeline.source
  const about = { pipelineName, device, timezone, logger }
  if (sink.type === 'elasticsearch') return sink.endpoints.map((endpoint) => buildElasticsearchEndpoint(endpoint, sink, about))
  return sink.endpoints.map((endpoint) => buildHttpEndpoint(endpoint, sink, about))
}

function buildSyslogEndpoint(endpoint: Endpoint, sink: SyslogSinkConfig, { logger, ...context }: SinkContext): EndpointSink {
  const named = logger.child({ endpoint: formatEndpoint(endpoint) })
  const about: EndpointContext = { format: formatOf(sink.format, { logger, ...context }), logger: named, readTcpState: bindTcpState() }
  if (endpoint.scheme === 'udp') return new SyslogDatagramEndpoint(endpoint, sink, about)
  if (endpoint.scheme === 'relp' || endpoint.scheme === 'relps') return new RelpEndpoint(endpoint, sink, about)
  return new SyslogStreamEndpoint(endpoint, sink, about)
}

function formatOf(format: SyslogSinkConfig['format'], { pipeline: { source } }: SinkContext): FormatMessage | 'raw' {
  return format === 'raw' ? 'raw' : createFormatter(format, { device: source.device, timezone: source.timezone })
}
