import { effectivePort } from '../config/effective-port.ts'
import { type Endpoint, formatEndpoint } from '../config/formats.ts'
import type { Config, PipelineConfig, SinkConfig, SyslogSinkConfig } from '../config/schema.ts'
import type { Logger } from '../core/logger.ts'
import type { EndpointSink, Sink } from '../core/sink.ts'
import { BalancedSink } from '../delivery/balanced-sink.ts'
import { Forwarder } from '../delivery/forwarder.ts'
import { bindTcpState } from '../native/tcp-state.ts'
import { Pipeline, type PipelineParts } from '../pipeline/pipeline.ts'
import type { PipelineSpec } from '../pipeline/supervisor.ts'
import { LevelQueue } from '../queue/level-queue.ts'
import { Backoff } from '../retry/backoff.ts'
import { FileSink } from '../sinks/file-sink.ts'
import { RelpEndpoint } from '../sinks/relp-endpoint.ts'
import { SyslogDatagramEndpoint } from '../sinks/syslog-datagram-endpoint.ts'
import { type EndpointContext, SyslogStreamEndpoint } from '../sinks/syslog-stream-endpoint.ts'
import type { ConnectionBudget } from '../sources/connection-budget.ts'
import { ListeningSource } from '../sources/listening-source.ts'
import type { UdpPorts } from '../sources/udp-port.ts'
import { createFormatter, type FormatMessage } from '../syslog/formatter.ts'
import { type Certificates, tlsConfigOf } from './certificates.ts'
import { queueDirectory, sinkFilePath } from './paths.ts'

/** What every pipeline is built with. */
export interface Surroundings {
  readonly certificates: Certificates
  readonly logger: Logger
  readonly budget: ConnectionBudget
  readonly udpPorts: UdpPorts
}

/** The configuration as pipelines to be built. The identity holds everything that a pipeline depends on: nothing else restarts it. */
export function pipelineSpecs(config: Config, surroundings: Surroundings): PipelineSpec[] {
  return Object.entries(config.pipelines).map(([name, pipeline]) => {
    const tls = pipeline.source.transports.includes('tls') ? tlsConfigOf(config, pipeline) : undefined
    const sinks = pipeline.sinks.map((sink) => [sink, config.sinks[sink]])
    return {
      name,
      identity: JSON.stringify([pipeline, sinks, tls, config.min_free_disk, config.data_dir]),
      build: () => buildPipeline(config, name, pipeline, surroundings),
    }
  })
}

function buildPipeline(config: Config, name: string, pipeline: PipelineConfig, surroundings: Surroundings): Pipeline {
  const logger = surroundings.logger.child({ pipeline: name })
  const queue = new LevelQueue(
    {
      directory: queueDirectory(config.data_dir, name),
      config: pipeline.queue,
      minFreeDisk: config.min_free_disk,
      sinks: pipeline.sinks,
      pipeline: name,
    },
    { logger },
  )
  const tls = surroundings.certificates.for(tlsConfigOf(config, pipeline))
  const source = new ListeningSource(
    { ...pipeline.source, port: effectivePort(pipeline.source) },
    { intake: queue, logger, tls, budget: surroundings.budget, udpPorts: surroundings.udpPorts },
  )
  const deliveries: PipelineParts['deliveries'] = new Map(
    pipeline.sinks.map((sinkName) => {
      const sinkConfig = config.sinks[sinkName] as SinkConfig
      const sinkLogger = logger.child({ sink: sinkName })
      const sink = buildSink(config, name, pipeline, sinkConfig, sinkLogger)
      const delivery = new Forwarder({
        pipelineName: name,
        sinkName,
        sinkType: sinkConfig.type,
        reader: queue.reader(sinkName),
        sink,
        backoff: backoffOf(sinkConfig),
        maxBatchBytes: sinkConfig.max_batch_size,
        lanes: lanesOf(sinkConfig),
        queued: () => queue.ledger().sinks[sinkName]?.queued ?? 0,
        logger: sinkLogger,
      })
      return [sinkName, { sink, delivery }]
    }),
  )
  return new Pipeline({ name, device: pipeline.source.device, foundations: [], source, queue, deliveries, logger })
}

function buildSink(config: Config, pipelineName: string, pipeline: PipelineConfig, sink: SinkConfig, logger: Logger): Sink {
  const { device, timezone } = pipeline.source
  const format: FormatMessage | 'raw' = sink.format === 'raw' ? 'raw' : createFormatter(sink.format, { device, timezone })
  if (sink.type === 'file') return new FileSink(sink, { path: sinkFilePath(config.data_dir, sink.path, pipelineName), format, logger })
  const endpoints = sink.endpoints.map((endpoint) => {
    const context = { format, logger: logger.child({ endpoint: formatEndpoint(endpoint) }), readTcpState: bindTcpState() }
    return { sink: buildEndpoint(endpoint, sink, context), backoff: backoffOf(sink) }
  })
  return new BalancedSink(endpoints, { balance: sink.balance, sendTimeoutMs: sink.send_timeout, logger })
}

/** How many sends at a time: failover keeps the order with one. */
function lanesOf(sink: SinkConfig): number {
  return sink.type === 'syslog' && sink.balance !== 'failover' ? sink.endpoints.length : 1
}

function buildEndpoint(endpoint: Endpoint, sink: SyslogSinkConfig, context: EndpointContext): EndpointSink {
  if (endpoint.scheme === 'udp') return new SyslogDatagramEndpoint(endpoint, sink, context)
  if (endpoint.scheme === 'relp' || endpoint.scheme === 'relps') return new RelpEndpoint(endpoint, sink, context)
  return new SyslogStreamEndpoint(endpoint, sink, context)
}

function backoffOf({ retry }: SinkConfig): Backoff {
  return new Backoff({ initialMs: retry.initial, maxMs: retry.max })
}
