import { type Config, type ConfigInput, configSchema } from '../../../src/config/schema.ts'

type Source = ConfigInput['pipelines'][string]['source']

interface Parts extends Partial<ConfigInput> {
  readonly source?: { readonly type?: 'syslog' | 'relp' | 's3'; readonly [key: string]: unknown }
  readonly queue?: object
  readonly sink?: object
}

/** A configuration of one pipeline, `p`, with one sink, `s`: few connections, so that other numbers are seen. */
export function unitConfig({ source = {}, queue = {}, sink = { type: 'file' }, ...top }: Parts = {}): Config {
  const listening = source.type === 's3' ? {} : { max_connections: 10 }
  return configSchema.parse({
    sinks: { s: sink as ConfigInput['sinks'][string] },
    pipelines: { p: { source: { type: 'syslog', ...listening, ...source } as Source, queue, sinks: ['s'] } },
    ...top,
  })
}
