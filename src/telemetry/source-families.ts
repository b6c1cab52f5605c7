import type { PollingStatus, SourceStats } from '../core/source.ts'
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
  polled('counter', 'logrelay_source_objects_total', 'Objects read to their end.', ({ completed }) => completed),
  polled('counter', 'logrelay_source_failed_objects_total', 'Objects that became dead letters.', ({ failed }) => failed),
  polled('counter', 'logrelay_source_taken_over_objects_total', 'Objects that another relay had begun.', ({ takenOver }) => takenOver),
  polled(
    'counter',
    'logrelay_source_repeated_messages_total',
    'Messages read again after a crash, of this relay or of the one that an object was taken over from.',
    ({ repeatedMessages }) => repeatedMessages,
  ),
  polled('counter', 'logrelay_source_object_bytes_total', 'Bytes read from objects, as they are stored.', ({ bytes }) => bytes),
  polled('gauge', 'logrelay_source_waiting_objects', 'Objects that are known and not begun.', ({ waiting }) => waiting),
  polled('gauge', 'logrelay_source_reading_objects', 'Objects being read now.', ({ reading }) => reading),
  polled('gauge', 'logrelay_source_backing_off', '1 while the source waits after a failure before it tries again.', ({ state }) =>
    Number(state === 'backing_off'),
  ),
  polled(
    'gauge',
    'logrelay_source_failing_since_timestamp_seconds',
    'Since when the source fails (Unix time); left out while it works.',
    ({ failingSinceMs }) => (failingSinceMs === undefined ? undefined : failingSinceMs / 1000),
  ),
]

/** Of the sources that fetch. */
function polled(
  type: 'counter' | 'gauge',
  name: string,
  help: string,
  value: (polling: PollingStatus) => number | undefined,
): Family<RelayStatus> {
  return pipelineFamily({ type, name, help, labels: [] }, ({ source: { polling } }) => {
    const figure = polling === undefined ? undefined : value(polling)
    return figure === undefined ? [] : [[{}, figure]]
  })
}

type Figure<Of> = { [Key in keyof Of]-?: Of[Key] extends number ? Key : never }[keyof Of]

function counter(name: string, help: string, figure: Figure<SourceStats>): Family<RelayStatus> {
  return pipelineFigure({ type: 'counter', name, help }, ({ source }) => source[figure])
}
