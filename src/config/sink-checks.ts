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

/** One pipeline's file of a file sink: absolute. */
interface SinkFile {
  readonly file: string
  readonly sink: string
  readonly pipeline: string
  readonly config: FileSinkConfig
}

/** Every file that a file sink writes, standard output left out. */
export function sinkFiles(config: Config): SinkFile[] {
  const pipelines = Object.entries(config.pipelines)
  return Object.entries(config.sinks).flatMap(([sink, one]) => {
    if (one.type !== 'file' || one.path === '-') return []
    const names = pipelines.filter(([, { sinks }]) => sinks.includes(sink)).map(([name]) => name)
    return names.map((pipeline) => ({
      file: resolve(config.data_dir, one.path.replaceAll('{pipeline}', pipeline)),
      sink,
      pipeline,
      config: one,
    }))
  })
}

/** Two writers that rotate one file would take each other's lines away, and so would one whose file is what another's is rotated to. */
function checkSharedFiles(config: Config, report: Report): void {
  const writers = new Map<string, SinkFile>()
  const files = sinkFiles(config)
  for (const one of files) {
    const other = writers.get(one.file)
    if (other === undefined) writers.set(one.file, one)
    else sharedFile(one.sink, one.config, [other.pipeline, one.pipeline], report)
  }
  for (const { file, sink } of files) {
    const [, base = '', number] = /^(.*)\.([1-9]\d*)$/.exec(file) ?? []
    const other = writers.get(base)
    if (other === undefined || Number(number) > other.config.max_files) continue
    const message = `${file} would be overwritten when pipeline ${other.pipeline} rotates ${base}`
    report('error', ['sinks', sink, 'path'], message, 'let the path end otherwise, e.g. "logs/{pipeline}.log"')
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
