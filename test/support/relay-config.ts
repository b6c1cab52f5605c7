import type { ConfigInput } from '../../src/config/schema.ts'

export type RelayConfig = Omit<ConfigInput, 'data_dir' | 'admin'> & Pick<Partial<ConfigInput>, 'data_dir' | 'admin'>
export type PipelineInput = ConfigInput['pipelines'][string]
export type SinkInput = ConfigInput['sinks'][string]
type SyslogSinkInput = Extract<SinkInput, { type: 'syslog' }>

/**
 * A loopback address of this process alone. A port that is closed for a while, ours or the relay's, is then given to
 * nobody else: what other processes bind is on 127.0.0.1.
 */
export const ownAddress = `127.${1 + ((process.pid >> 16) & 127)}.${(process.pid >> 8) & 255}.${1 + (process.pid & 127)}`

/** Tries again so soon that no test has to wait. */
export const soon = { initial: '20ms', max: '100ms' }

export function syslogSink(endpoint: string, more: Partial<SyslogSinkInput> = {}): SinkInput {
  return { type: 'syslog', endpoints: [endpoint], retry: soon, ...more }
}

export function fileSink(path = '{pipeline}.log'): SinkInput {
  return { type: 'file', path, retry: soon }
}

/** A pipeline on a port from the system. */
export function pipeline(sinks: string[], { source, queue }: { source?: object; queue?: PipelineInput['queue'] } = {}): PipelineInput {
  return { source: { type: 'syslog', host: '127.0.0.1', port: 0, ...source }, ...(queue && { queue }), sinks }
}

/** The pipeline `main` with one sink, `up`. */
export function oneSink(sink: SinkInput, more: { source?: object; queue?: PipelineInput['queue'] } = {}): RelayConfig {
  return { sinks: { up: sink }, pipelines: { main: pipeline(['up'], more) } }
}
