import { test } from 'tap'
import { configSchema } from '../../src/config/schema.ts'
import type { RelayStatus } from '../../src/core/status.ts'
import { Metrics } from '../../src/telemetry/metrics.ts'
import { samplePipeline, sampleStatus } from '../support/sample-status.ts'
import { type ParsedFamily, parseMetrics } from './parse-metrics.ts'

const limits = configSchema.parse({
  sinks: { siem: { type: 'syslog', endpoints: ['tls://siem.example.com'] } },
  pipelines: { nginx: { source: { type: 'syslog', device: 'nginx' }, sinks: ['siem'] } },
})

function metricsOf(status: RelayStatus) {
  const current = { status, limits }
  const metrics = new Metrics({ status: () => current.status, limits: () => current.limits })
  return { current, metrics, scrape: async () => parseMetrics(await metrics.text()) }
}

/** `{label="value"} figure` for each sample of a family. */
function samplesOf(families: Map<string, ParsedFamily>, name: string): Record<string, number> {
  const samples = families.get(name)?.samples ?? []
  return Object.fromEntries(samples.map(({ labels, value }) => [Object.values(labels).join(' '), value]))
}

test("the contract's metrics have its names and labels", async (t) => {
  const families = await metricsOf(sampleStatus()).scrape()
  const contract = {
    logrelay_received_messages_total: ['pipeline', 'transport'],
    logrelay_delivered_messages_total: ['pipeline', 'sink'],
    logrelay_rejected_messages_total: ['pipeline', 'sink'],
    logrelay_dropped_messages_total: ['pipeline', 'sink', 'reason'],
    logrelay_queue_messages: ['pipeline'],
    logrelay_queue_bytes: ['pipeline'],
  }
  for (const [name, labels] of Object.entries(contract)) {
    const family = families.get(name)
    t.equal(family?.type, name.endsWith('_total') ? 'counter' : 'gauge', name)
    t.strictSame(Object.keys(family?.samples[0]?.labels ?? {}), labels, `labels of ${name}`)
  }
})

test('each figure of the status is in its own metric', async (t) => {
  const families = await metricsOf(sampleStatus()).scrape()
  const expected: Record<string, Record<string, number>> = {
    logrelay_received_messages_total: { 'nginx udp': 60, 'nginx tcp': 30, 'nginx tls': 20 },
    logrelay_intake_dropped_messages_total: { 'nginx kernel': 10 },
    logrelay_sink_received_messages_total: { 'nginx siem': 110 },
    logrelay_delivered_messages_total: { 'nginx siem': 59 },
    logrelay_rejected_messages_total: { 'nginx siem': 17 },
    logrelay_sink_queued_messages: { 'nginx siem': 14 },
    logrelay_dropped_messages_total: { 'nginx siem kernel': 10, 'nginx siem oldest': 10 },
    logrelay_queue_messages: { nginx: 14 },
    logrelay_queue_bytes: { nginx: 15 },
    logrelay_queue_max_bytes: { nginx: 16 },
    logrelay_queue_condition: { 'nginx open': 1, 'nginx full': 0, 'nginx disk_full': 0, 'nginx failed': 0, 'nginx closed': 0 },
    logrelay_queue_oldest_timestamp_seconds: { nginx: 1_700_000_000.5 },
    logrelay_dead_letters: { 'nginx siem': 17 },
    logrelay_sink_unsettled_messages: { 'nginx siem': 18 },
    logrelay_resent_messages_total: { 'nginx siem': 19 },
    logrelay_sink_backing_off: { 'nginx siem': 1 },
    logrelay_sink_failing_since_timestamp_seconds: { 'nginx siem': 1_700_000_001 },
    logrelay_sink_last_delivered_timestamp_seconds: {},
    logrelay_endpoint_backing_off: { 'nginx siem tls://siem.example.com:6514': 1 },
    logrelay_source_truncated_messages_total: { nginx: 1 },
    logrelay_source_too_long_messages_total: { nginx: 2 },
    logrelay_source_empty_frames_total: { nginx: 3 },
    logrelay_source_skipped_bytes_total: { nginx: 4 },
    logrelay_source_cut_off_messages_total: { nginx: 5 },
    logrelay_source_connections: { nginx: 6 },
    logrelay_source_accepted_connections_total: { nginx: 7 },
    logrelay_source_health_checks_total: { nginx: 8 },
    logrelay_source_refused_connections_total: {
      'nginx not_allowed': 9,
      'nginx too_many': 10,
      'nginx too_many_from_peer': 11,
      'nginx proxy_missing': 21,
      'nginx proxy_malformed': 22,
      'nginx protocol_error': 23,
    },
    logrelay_source_proxied_total: { nginx: 24 },
    logrelay_source_tls_eofs_total: { nginx: 25 },
    logrelay_source_aged_connections_total: { nginx: 26 },
    logrelay_source_tls_failures_total: { nginx: 12 },
    logrelay_source_idle_timeouts_total: { nginx: 13 },
    logrelay_pipeline_ready: { nginx: 1 },
    logrelay_build_info: { '1.2.3': 1 },
    logrelay_state: { starting: 0, running: 1, draining: 0, drained: 0, stopped: 0 },
    logrelay_ready: { '': 1 },
    logrelay_reload_failed: { '': 0 },
  }
  for (const [name, samples] of Object.entries(expected)) t.strictSame(samplesOf(families, name), samples, name)
})

test('every bound of the configuration has a metric', async (t) => {
  const families = await metricsOf(sampleStatus()).scrape()
  const expected: Record<string, Record<string, number>> = {
    logrelay_source_max_connections: { nginx: 20_000 },
    logrelay_source_max_connections_per_peer: { nginx: 20_000 },
    logrelay_source_max_message_bytes: { nginx: 65_536 },
    logrelay_source_idle_timeout_seconds: { nginx: 0 },
    logrelay_source_max_connection_age_seconds: { nginx: 0 },
    logrelay_source_handshake_timeout_seconds: { nginx: 10 },
    logrelay_sink_max_batch_bytes: { siem: 2 ** 20 },
    logrelay_sink_max_unsettled_bytes: { siem: 2 ** 27 },
    logrelay_sink_send_timeout_seconds: { siem: 30 },
    logrelay_sink_max_connection_age_seconds: { siem: 0 },
    logrelay_sink_max_retry_seconds: { siem: 300 },
    logrelay_min_free_disk_bytes: { '': 256 * 2 ** 20 },
    logrelay_drain_delay_seconds: { '': 0 },
    logrelay_stop_timeout_seconds: { '': 25 },
  }
  for (const [name, samples] of Object.entries(expected)) t.strictSame(samplesOf(families, name), samples, name)
  t.hasProps(Object.fromEntries(families), ['process_resident_memory_bytes', 'process_open_fds', 'process_max_fds'])
  t.ok(families.has('nodejs_eventloop_lag_p99_seconds'))
})

test("a sink's books balance in one scrape, and the help says what may be added up", async (t) => {
  const families = await metricsOf(sampleStatus()).scrape()
  const figure = (name: string) => Object.values(samplesOf(families, name)).reduce((sum, value) => sum + value, 0)
  const outcomes = ['logrelay_delivered_messages_total', 'logrelay_sink_queued_messages', 'logrelay_rejected_messages_total']
  const sum = outcomes.reduce((total, name) => total + figure(name), figure('logrelay_dropped_messages_total'))
  t.equal(sum, figure('logrelay_sink_received_messages_total'))
  t.equal(sum, figure('logrelay_received_messages_total'))
  t.match(families.get('logrelay_dropped_messages_total')?.help, /add up reasons, not sinks/)
})

test('counters follow the status, and scraping twice at once counts nothing twice', async (t) => {
  const { current, scrape } = metricsOf(sampleStatus())
  const [first, second] = await Promise.all([scrape(), scrape()])
  t.equal(samplesOf(first, 'logrelay_received_messages_total')['nginx udp'], 60)
  t.equal(samplesOf(second, 'logrelay_received_messages_total')['nginx udp'], 60)
  const pipeline = samplePipeline()
  const ledger = { ...pipeline.ledger, received: { udp: 61, tcp: 30, tls: 20 } }
  current.status = sampleStatus({ pipelines: { nginx: samplePipeline({ ledger }) } })
  t.equal(samplesOf(await scrape(), 'logrelay_received_messages_total')['nginx udp'], 61)
})

test('what a reload removed is gone, and what it added is there', async (t) => {
  const { current, metrics, scrape } = metricsOf(sampleStatus())
  await scrape()
  current.status = sampleStatus({ pipelines: { 'cisco-asa': samplePipeline() } })
  current.limits = { ...limits, pipelines: { 'cisco-asa': limits.pipelines.nginx as (typeof limits.pipelines)[string] } }
  const text = await metrics.text()
  t.notMatch(text, 'nginx')
  t.match(text, 'logrelay_queue_messages{pipeline="cisco-asa"} 14')
  t.match(text, 'logrelay_source_max_connections{pipeline="cisco-asa"} 20000')
})

test('an endpoint that is configured twice is one series', async (t) => {
  const endpoint = 'tcp://a:1'
  const endpoints = [{ endpoint, state: 'backing_off' } as const, { endpoint, state: 'connected' } as const]
  const nginx = samplePipeline({ sinks: { siem: { type: 'syslog', state: 'sending', unsettled: 0, resent: 0, endpoints } } })
  const families = await metricsOf(sampleStatus({ pipelines: { nginx } })).scrape()
  t.strictSame(samplesOf(families, 'logrelay_endpoint_backing_off'), { 'nginx siem tcp://a:1': 1 })
})

test('a status that cannot be had is an error of the scrape', async (t) => {
  const fails = () => {
    throw new Error('no status')
  }
  await t.rejects(new Metrics({ status: fails, limits: () => limits }).text(), { message: 'no status' })
})
