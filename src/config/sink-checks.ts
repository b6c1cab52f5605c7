import { resolve } from 'node:path'
import { checkClientTls, checkTwice } from './endpoint-checks.ts'
import { formatEndpoint } from './formats.ts'
import { checkHttpSink } from './http-sink-checks.ts'
import type { ConfigPath, Report } from './problems.ts'
import type { Config, FileSinkConfig, SyslogSinkConfig } from './schema.ts'

/** What is wrong with a sink although each of its values is right, and with two that meet. */
export function checkSinks(config: Config, report: Report): void {
  checkSharedFiles(config, report)
  for (const [name, sink] of Object.entries(config.sinks)) {
    const path = ['sinks', name]
    if (sink.retry.max < sink.retry.initial) report('error', [...path, 'retry', 'max'], 'must not be less than retry.initial')
    if (sink.type === 'syslog') checkSyslogSink(sink, path, report)
    if (sink.type === 'http' || sink.type === 'elasticsearch') checkHttpSink(sink, path, report)
  }
}

/** Two writers that rotate one file would take each other's lines away. */
function checkSharedFiles(config: Config, report: Report): void {
  const writers = new Map<string, string>()
  for (const [name, sink] of Object.entries(config.sinks)) {
    if (sink.type !== 'file' || sink.path === '-') continue
    const pipelines = Object.keys(config.pipelines).filter((pipeline) => config.pipelines[pipeline]?.sinks.includes(name))
    for (const pipeline of pipelines) {
      const file = resolve(config.data_dir, sink.path.replaceAll('{pipeline}', pipeline))
      const other = writers.get(file)
      if (other === undefined) writers.set(file, pipeline)
      else sharedFile(name, sink, [other, pipeline], report)
    }
  }
}

function sharedFile(name: string, sink: FileSinkConfig, [one, two]: readonly [string, string], report: Report): void {
  const pipelines = one === two ? `pipeline ${one} twice` : `pipelines ${one} and ${two}`
  const hint = sink.path.includes('{pipeline}')
    ? 'give each sink a path of its own'
    : 'put {pipeline} into the path, e.g. "logs/{pipeline}.log"'
  report('error', ['sinks', name, 'path'], `the same file is written by ${pipelines}`, hint)
}

function checkSyslogSink(sink: SyslogSinkConfig, path: ConfigPath, report: Report): void {
  checkClientTls(sink.tls, path, report)
  checkTwice(sink.endpoints.map(formatEndpoint), path, report)
  for (const [index, endpoint] of sink.endpoints.entries()) {
    const at = [...path, 'endpoints', index]
    if (endpoint.scheme === 'udp') {
      report(
        'warning',
        at,
        'UDP acknowledges nothing: what is lost on the way counts as delivered',
        'use tls:// or tcp:// where the receiver can',
      )
    }
  }
}
