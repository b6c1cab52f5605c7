import { listens } from '../config/listening.ts'
import type { Config, ListeningSourceConfig, PipelineConfig, SinkConfig } from '../config/schema.ts'
import type { Family, Sample } from './metric-family.ts'

/** The part of the configuration that bounds the relay. */
export type Limits = Pick<Config, 'pipelines' | 'sinks' | 'min_free_disk' | 'drain_delay' | 'stop_timeout'>

/** The configured bounds, beside the metrics that come near them, so that an alert needs no copy of the configuration. */
export const limitFamilies: readonly Family<Limits>[] = [
  portLimit('logrelay_source_max_connections', 'source.max_connections.', (source) => source.max_connections),
  portLimit('logrelay_source_max_connections_per_peer', 'source.max_connections_per_peer.', (source) => source.max_connections_per_peer),
  sourceLimit('logrelay_source_max_message_bytes', 'source.max_message_size.', (source) => source.max_message_size),
  portLimit('logrelay_source_idle_timeout_seconds', 'source.idle_timeout; 0 is off.', (source) => source.idle_timeout / 1000),
  portLimit(
    'logrelay_source_max_connection_age_seconds',
    'source.max_connection_age; 0 is off.',
    (source) => source.max_connection_age / 1000,
  ),
  portLimit('logrelay_source_handshake_timeout_seconds', 'source.handshake_timeout.', (source) => source.handshake_timeout / 1000),
  {
    type: 'gauge',
    name: 'logrelay_queue_max_memory_bytes',
    help: 'Limit queue.max_memory: messages that durability assisted keeps in memory; 0 with durability always.',
    labels: ['pipeline'],
    samples: ({ pipelines }) =>
      Object.entries(pipelines).map(([pipeline, { queue }]): Sample => {
        return { labels: { pipeline }, value: queue.durability === 'assisted' ? queue.max_memory : 0 }
      }),
  },
  sinkLimit('logrelay_sink_max_batch_bytes', 'max_batch_size: about how much is sent at once.', (sink) => sink.max_batch_size),
  sinkLimit('logrelay_sink_max_unsettled_bytes', 'max_unsettled_bytes: written and not known to be read, for each connection.', (sink) =>
    sink.type === 'syslog' ? sink.max_unsettled_bytes : undefined,
  ),
  sinkLimit(
    'logrelay_sink_send_timeout_seconds',
    'send_timeout: an endpoint that takes nothing for so long gives its messages to the others.',
    (sink) => (sink.type === 'syslog' ? sink.send_timeout / 1000 : undefined),
  ),
  sinkLimit('logrelay_sink_max_connection_age_seconds', 'max_connection_age of a sink; 0 is off.', (sink) =>
    sink.type === 'syslog' ? sink.max_connection_age / 1000 : undefined,
  ),
  sinkLimit('logrelay_sink_max_request_bytes', 'max_request_size: bytes of a request before compression.', (sink) =>
    'max_request_size' in sink ? sink.max_request_size : undefined,
  ),
  sinkLimit('logrelay_sink_max_requests_in_flight', 'max_requests_in_flight: requests to one endpoint at a time.', (sink) =>
    'max_requests_in_flight' in sink ? sink.max_requests_in_flight : undefined,
  ),
  sinkLimit('logrelay_sink_max_dead_letters', 'dead_letters.max_messages.', (sink) => sink.dead_letters.max_messages),
  sinkLimit('logrelay_sink_max_dead_letter_bytes', 'dead_letters.max_size.', (sink) => sink.dead_letters.max_size),
  sinkLimit('logrelay_sink_max_retry_seconds', 'retry.max: the longest wait after a failure.', (sink) => sink.retry.max / 1000),
  whole('logrelay_min_free_disk_bytes', 'min_free_disk: below it intake stops.', (limits) => limits.min_free_disk),
  whole('logrelay_drain_delay_seconds', 'drain_delay: ports open after SIGTERM.', (limits) => limits.drain_delay / 1000),
  whole('logrelay_stop_timeout_seconds', 'stop_timeout: time to finish after SIGTERM.', (limits) => limits.stop_timeout / 1000),
]

function whole(name: string, help: string, value: (limits: Limits) => number): Family<Limits> {
  return { type: 'gauge', name, help: `Limit ${help}`, labels: [], samples: (limits) => [{ labels: {}, value: value(limits) }] }
}

/** Of the sources that others connect to. */
function portLimit(name: string, help: string, value: (source: ListeningSourceConfig) => number): Family<Limits> {
  return sourceLimit(name, help, (source) => (listens(source) ? value(source) : undefined))
}

function sourceLimit(name: string, help: string, value: (source: PipelineConfig['source']) => number | undefined): Family<Limits> {
  return {
    type: 'gauge',
    name,
    help: `Limit ${help}`,
    labels: ['pipeline'],
    *samples({ pipelines }) {
      for (const [pipeline, { source }] of Object.entries(pipelines)) {
        const limit = value(source)
        if (limit !== undefined) yield { labels: { pipeline }, value: limit }
      }
    },
  }
}

function sinkLimit(name: string, help: string, value: (sink: SinkConfig) => number | undefined): Family<Limits> {
  return {
    type: 'gauge',
    name,
    help: `Limit ${help}`,
    labels: ['sink'],
    *samples({ sinks }) {
      for (const [sink, config] of Object.entries(sinks)) {
        const limit = value(config)
        if (limit !== undefined) yield { labels: { sink }, value: limit }
      }
    },
  }
}
