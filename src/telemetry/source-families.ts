import type { SourceStats } from '../core/source.ts'
import type { RelayStatus } from '../core/status.ts'
import { type Family, labelled, pipelineFamily, pipelineFigure } from './metric-family.ts'

/** What sources saw besides messages; these counters begin at 0 with each start and each reload that touches the pipeline. */
export const sourceFamilies: readonly Family<RelayStatus>[] = [
  pipelineFigure(
    { type: 'gauge', name: 'logrelay_source_connections', help: 'TCP and TLS connections open now.' },
    ({ source }) => source.connections,
  ),
  counter('logrelay_source_accepted_connections_total', 'Connections accepted.', 'accepted'),
  counter(
    'logrelay_source_health_checks_total',
    'Connections that ended without a byte: somebody looked whether the port is open.',
    'healthChecks',
  ),
  pipelineFamily(
    {
      type: 'counter',
      name: 'logrelay_source_refused_connections_total',
      help: 'Connections closed at once, and datagrams ignored, by reason: not_allowed (allow), too_many (max_connections, or the open files of the process), too_many_from_peer (max_connections_per_peer), proxy_missing and proxy_malformed (proxy_protocol), protocol_error (RELP).',
      labels: ['reason'],
    },
    ({ source }) => labelled('reason', source.refused),
  ),
  counter('logrelay_source_tls_failures_total', 'TLS handshakes that failed or took longer than handshake_timeout.', 'tlsFailures'),
  counter(
    'logrelay_source_tls_eofs_total',
    'Connections that ended inside their TLS handshake: health checks of load balancers, as a rule.',
    'tlsEofs',
  ),
  counter('logrelay_source_proxied_total', 'Connections, and UDP datagrams, whose client a trusted PROXY header named.', 'proxied'),
  counter('logrelay_source_aged_connections_total', 'Connections asked to leave because of max_connection_age.', 'aged'),
  counter('logrelay_source_idle_timeouts_total', 'Connections closed after idle_timeout.', 'idleTimeouts'),
  counter('logrelay_source_truncated_messages_total', 'Messages cut to max_message_size, and delivered.', 'truncated'),
  counter('logrelay_source_too_long_messages_total', 'Messages dropped because they exceed max_message_size.', 'tooLong'),
  counter('logrelay_source_cut_off_messages_total', 'Messages that ended with their connection, and were delivered.', 'cutOff'),
  counter('logrelay_source_empty_frames_total', 'Frames without a byte in them: blank lines and empty datagrams.', 'empty'),
  counter('logrelay_source_skipped_bytes_total', 'Bytes skipped to find the next message after a bad octet count.', 'skippedBytes'),
]

type Figure = { [Key in keyof SourceStats]: SourceStats[Key] extends number ? Key : never }[keyof SourceStats]

function counter(name: string, help: string, figure: Figure): Family<RelayStatus> {
  return pipelineFigure({ type: 'counter', name, help }, ({ source }) => source[figure])
}
