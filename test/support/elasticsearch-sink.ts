import { parseConfig } from '../../src/config/load.ts'
import type { Config, ElasticsearchSinkConfig } from '../../src/config/schema.ts'

/** The configuration of a sink with these lines added, as it comes out of a file. */
export function elasticsearchSink(lines: Record<string, unknown> = {}): ElasticsearchSinkConfig {
  const sink = elasticsearchConfig({ es: lines }).sinks.es
  if (sink?.type !== 'elasticsearch') throw new Error('the sink is of type elasticsearch')
  return sink
}

/** A whole configuration with these sinks, each of them used by each of the pipelines, which are named after their devices. */
export function elasticsearchConfig(sinks: Record<string, Record<string, unknown>>, devices = ['nginx', 'cisco-asa']): Config {
  const all = Object.entries(sinks).map(([name, lines]) => {
    return [name, { type: 'elasticsearch', endpoints: ['http://127.0.0.1:9200'], ...lines }]
  })
  const pipelines = devices.map((device) => [device, { source: { type: 'syslog', device }, sinks: Object.keys(sinks) }])
  const loaded = parseConfig(JSON.stringify({ sinks: Object.fromEntries(all), pipelines: Object.fromEntries(pipelines) }), 'test')
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  return loaded.config
}
