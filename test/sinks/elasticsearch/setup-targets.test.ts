import { test } from 'tap'
import type { ElasticsearchSinkConfig } from '../../../src/config/schema.ts'
import { setupTarget } from '../../../src/sinks/elasticsearch/setup-targets.ts'
import { elasticsearchConfig } from '../../support/elasticsearch-sink.ts'

function targetOf(lines: Record<string, unknown>, devices?: string[]) {
  const config = elasticsearchConfig({ es: lines }, devices)
  return setupTarget(config, 'es', config.sinks.es as ElasticsearchSinkConfig)
}

test('data streams that begin with a name of ours: whatever pipelines there will be', async (t) => {
  t.strictSame(targetOf({}), {
    sink: 'es',
    name: 'logrelay-logs-logrelay.device-default',
    patterns: ['logs-logrelay.*-default'],
    kind: 'data_stream',
  })
  t.strictSame(targetOf({ data_stream: { namespace: '{pipeline}' } }).patterns, ['logs-logrelay.*-*'])
})

test('names that begin with a field are taken one by one: a wildcard would be for the data of others too', async (t) => {
  const streams = targetOf({ data_stream: { dataset: '{device}' } })
  t.strictSame(streams.patterns, ['logs-cisco_asa-default', 'logs-nginx-default'])
  const indices = targetOf({ index: '{pipeline}-{yyyy.MM.dd}' })
  t.match(indices, { patterns: ['cisco-asa-*', 'nginx-*'], kind: 'daily', name: 'logrelay-pipeline-yyyy.mm.dd' })
})

test('indices with a date, and one for ever', async (t) => {
  t.match(targetOf({ index: 'syslog-{pipeline}-{yyyy.MM.dd}' }), { patterns: ['syslog-*-*'], kind: 'daily' })
  t.match(targetOf({ index: 'syslog' }), { patterns: ['syslog'], kind: 'fixed', name: 'logrelay-syslog' })
  t.match(targetOf({ index: 'syslog-{device}' }), { patterns: ['syslog-*'], kind: 'fixed' })
})

test('a sink that nobody uses', async (t) => {
  const config = elasticsearchConfig({ es: { index: '{pipeline}' } })
  const unused = { ...config, pipelines: {} }
  t.strictSame(setupTarget(unused, 'es', config.sinks.es as ElasticsearchSinkConfig).patterns, [])
})
