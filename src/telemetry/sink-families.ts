import type { SinkLedger } from '../core/ledger.ts'
import type { RelayStatus, SinkStatus } from '../core/status.ts'
import { type Family, labelled, pipelineFamily } from './metric-family.ts'

/**
 * Every message counts once for each sink, so that the books of one sink balance by themselves:
 * sink_received = delivered + sink_queued + rejected + the sum of dropped. Figures of several sinks are not to be added up.
 */
export const sinkFamilies: readonly Family<RelayStatus>[] = [
  ledgerCounter('logrelay_sink_received_messages_total', 'Messages received since the sink was added to its pipeline.', 'received'),
  ledgerCounter(
    'logrelay_delivered_messages_total',
    'Messages that the sink has acknowledged. One message counts once a sink.',
    'delivered',
  ),
  ledgerCounter(
    'logrelay_rejected_messages_total',
    'Messages that the sink refused for good; they became dead letters. One message counts once a sink.',
    'rejected',
  ),
  pipelineFamily(
    {
      type: 'counter',
      name: 'logrelay_dropped_messages_total',
      help: 'Messages that the sink will never get, by reason, those dropped at the intake included. One message counts once a sink: add up reasons, not sinks.',
      labels: ['sink', 'reason'],
    },
    ({ ledger }) =>
      Object.entries(ledger.sinks).flatMap(([sink, books]) =>
        labelled('reason', books.dropped).map(([labels, value]) => [{ sink, ...labels }, value] as const),
      ),
  ),
  pipelineFamily(
    { type: 'gauge', name: 'logrelay_sink_queued_messages', help: 'Messages that wait for this sink.', labels: ['sink'] },
    ({ ledger }) => Object.entries(ledger.sinks).map(([sink, books]) => [{ sink }, books.queued]),
  ),
  pipelineFamily(
    {
      type: 'counter',
      name: 'logrelay_resent_messages_total',
      help: 'Messages sent again although the receiver may have read them: at most so many duplicates. It begins anew with the pipeline.',
      labels: ['sink'],
    },
    ({ sinks }) => Object.entries(sinks).map(([sink, { resent }]) => [{ sink }, resent]),
  ),
  sinkGauge(
    'logrelay_sink_unsettled_messages',
    'Messages written to a receiver that cannot be taken to have read them yet; they are among the queued.',
    (sink) => sink.unsettled,
  ),
  sinkGauge('logrelay_sink_backing_off', '1 while the sink waits after a failure before it tries again.', (sink) =>
    Number(sink.state === 'backing_off'),
  ),
  sinkGauge('logrelay_sink_failing_since_timestamp_seconds', 'Since when the sink fails (Unix time); left out while it works.', (sink) =>
    seconds(sink.failingSinceMs),
  ),
  sinkGauge('logrelay_sink_last_delivered_timestamp_seconds', 'When the sink last acknowledged a message (Unix time).', (sink) =>
    seconds(sink.lastDeliveredAtMs),
  ),
  pipelineFamily(
    {
      type: 'gauge',
      name: 'logrelay_endpoint_backing_off',
      help: '1 while the endpoint waits after a failure before it is tried again.',
      labels: ['sink', 'endpoint'],
    },
    ({ sinks }) => Object.entries(sinks).flatMap(([sink, { endpoints }]) => backingOff(sink, endpoints)),
  ),
]

function ledgerCounter(name: string, help: string, field: keyof Omit<SinkLedger, 'dropped'>): Family<RelayStatus> {
  return pipelineFamily({ type: 'counter', name, help, labels: ['sink'] }, ({ ledger }) =>
    Object.entries(ledger.sinks).map(([sink, books]) => [{ sink }, books[field]]),
  )
}

function sinkGauge(name: string, help: string, value: (sink: SinkStatus) => number | undefined): Family<RelayStatus> {
  return pipelineFamily({ type: 'gauge', name, help, labels: ['sink'] }, function* ({ sinks }) {
    for (const [sink, status] of Object.entries(sinks)) {
      const figure = value(status)
      if (figure !== undefined) yield [{ sink }, figure]
    }
  })
}

/** An endpoint may be configured twice; it has one sample, or the text would hold the same series twice. */
function backingOff(sink: string, endpoints: SinkStatus['endpoints']): [Record<string, string>, number][] {
  const waiting = new Map<string, number>()
  for (const { endpoint, state } of endpoints) waiting.set(endpoint, Math.max(waiting.get(endpoint) ?? 0, Number(state === 'backing_off')))
  return [...waiting].map(([endpoint, value]) => [{ sink, endpoint }, value])
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000
}
