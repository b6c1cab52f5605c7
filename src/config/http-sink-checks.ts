import { checkClientTls, checkTwice } from './endpoint-checks.ts'
import { formatHttpEndpoint } from './formats.ts'
import type { ConfigPath, Report } from './problems.ts'
import type { ElasticsearchSinkConfig, HttpSinkConfig } from './schema.ts'

/** What is wrong with a sink that speaks HTTP although each of its values is right. */
export function checkHttpSink(sink: ElasticsearchSinkConfig | HttpSinkConfig, path: ConfigPath, report: Report): void {
  checkClientTls(sink.tls, path, report)
  checkTwice(sink.endpoints.map(formatHttpEndpoint), path, report)
  checkBasicAuthentication(sink, path, report)
  for (const header of Object.keys(sink.headers)) {
    if (!ownHeaders.has(header.toLowerCase())) continue
    report('error', [...path, 'headers', header], 'is set by the relay itself for each request', 'remove it')
  }
  if (sink.type === 'elasticsearch') checkElasticsearch(sink, path, report)
  else checkHttp(sink, path, report)
  const plain = sink.endpoints.findIndex(({ scheme }) => scheme === 'http')
  if (plain >= 0 && hasSecret(sink))
    report('warning', [...path, 'endpoints', plain], 'the password or token goes over the network readably', 'use https://')
}

function hasSecret(sink: ElasticsearchSinkConfig | HttpSinkConfig): boolean {
  const token = sink.type === 'elasticsearch' ? sink.api_key : sink.splunk
  return sink.password !== undefined || token !== undefined || 'authorization' in lowerCase(sink.headers)
}

function checkBasicAuthentication(
  { username, password, headers }: HttpSinkConfig | ElasticsearchSinkConfig,
  path: ConfigPath,
  report: Report,
): void {
  if ((username === undefined) !== (password === undefined)) {
    const [given, missing] = username === undefined ? ['password', 'username'] : ['username', 'password']
    report('error', [...path, given], `needs ${missing} beside it`, `add "${missing}:", or remove ${given}`)
  }
  if (username !== undefined && 'authorization' in lowerCase(headers)) {
    const hint = 'remove one of them'
    report('error', [...path, 'username'], 'stands beside a header Authorization, and only one of them can be sent', hint)
  }
}

/** What says how a request is carried. */
const ownHeaders: ReadonlySet<string> = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'transfer-encoding',
  'upgrade',
])

/** Fields of every document in which there is no room for others. */
const textFields: ReadonlySet<string> = new Set(['message', 'tags', 'timestamp'])

function checkElasticsearch(sink: ElasticsearchSinkConfig, path: ConfigPath, report: Report): void {
  const { api_key, username, data_stream, index, json_body, json_field } = sink
  if (api_key !== undefined && username !== undefined) {
    report('error', [...path, 'api_key'], 'stands beside username, and only one of them can be sent', 'remove one of them')
  }
  if (data_stream !== undefined && index !== undefined) {
    report('error', [...path, 'index'], 'stands beside data_stream, and documents go to one of them', 'remove one of them')
  }
  if (json_body === 'off' && json_field !== 'json') {
    report('warning', [...path, 'json_field'], 'has no effect while json_body is off', 'write "json_body: nest" beside it')
  }
  if (textFields.has(json_field.split('.')[0] as string)) {
    report('error', [...path, 'json_field'], 'is a field of ours that holds no fields', 'choose another name, such as "json"')
  }
  for (const [at, endpoint] of sink.endpoints.entries()) {
    if (!endpoint.path.includes('_bulk')) continue
    report('error', [...path, 'endpoints', at], 'must not name the API: _bulk is added to it', 'write it without "/_bulk"')
  }
}

function checkHttp({ preset, splunk, encoding, format, compression }: HttpSinkConfig, path: ConfigPath, report: Report): void {
  if (preset === 'splunk_hec' && compression === 'zstd') {
    report('error', [...path, 'compression'], 'is not understood by Splunk: it would refuse every event', 'write "compression: gzip"')
  }
  if (preset === 'splunk_hec' && splunk === undefined) {
    report('error', [...path, 'preset'], 'needs splunk beside it', 'add "splunk: { token: { file: /path/to/token } }"')
  }
  if (preset === undefined && splunk !== undefined) {
    report('error', [...path, 'splunk'], 'needs preset beside it', 'add "preset: splunk_hec"')
  }
  if (encoding !== 'lines' && format !== 'raw') {
    report('warning', [...path, 'format'], `has no effect with "encoding: ${encoding}"`, 'write "encoding: lines" beside it')
  }
}

function lowerCase(headers: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
