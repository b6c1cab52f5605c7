import t from 'tap'
import { parseConfig } from '../../src/config/load.ts'
import { matchAll } from './match-all.ts'

/** What `check` says of a configuration with this one sink. */
function briefly(sink: string): string[] {
  const result = parseConfig(`sinks: { s: { ${sink} } }\npipelines: { p: { source: { type: syslog }, sinks: [s] } }\n`, 'f.yaml')
  return (result.ok ? result.warnings : result.problems).map(({ severity, path, message }) => `${severity} ${path} ${message}`)
}

const elastic = 'type: elasticsearch, endpoints: ["https://es:9200"]'
const http = 'type: http, endpoints: ["https://collector/logs?key=1"]'

t.test('nothing to say', async (t) => {
  t.same(briefly(elastic), [])
  t.same(briefly(`${elastic}, username: u, password: { file: /p }, index: "syslog-{pipeline}-{yyyy.MM.dd}"`), [])
  t.same(briefly(http), [])
  t.same(briefly(`${http}, preset: splunk_hec, splunk: { token: { env: T } }`), [])
  t.same(briefly(`${http}, proxy: off`), [])
})

t.test('one way to say who we are', async (t) => {
  matchAll(t, briefly(`${elastic}, username: u`), ['error sinks.s.username needs password beside it'])
  matchAll(t, briefly(`${http}, password: p`), ['error sinks.s.password needs username beside it'])
  matchAll(t, briefly(`${elastic}, username: u, password: p, api_key: k`), [/^error sinks\.s\.api_key stands beside username/])
  matchAll(t, briefly(`${http}, username: u, password: p, headers: { authorization: x }`), [
    /^error sinks\.s\.username stands beside a header/,
  ])
})

t.test('a secret that anybody can read', async (t) => {
  const plain = 'endpoints: ["https://a", "http://b"]'
  for (const secret of ['username: u, password: p', 'headers: { Authorization: { file: /t } }']) {
    matchAll(t, briefly(`type: http, ${plain}, ${secret}`), [
      /^warning sinks\.s\.endpoints\[1\] the password or token goes over the network/,
    ])
  }
  matchAll(t, briefly(`type: elasticsearch, ${plain}, api_key: k`), [/^warning sinks\.s\.endpoints\[1\]/])
  t.same(briefly(`type: http, ${plain}`), [], 'there is none')
})

t.test('endpoints', async (t) => {
  matchAll(t, briefly('type: elasticsearch, endpoints: ["https://es:9200/_bulk"]'), [/must not name the API/])
  matchAll(t, briefly('type: http, endpoints: ["https://a:443/", "https://a"]'), ['error sinks.s.endpoints[1] the same endpoint twice'])
  matchAll(t, briefly(`${http}, tls: { verify: false }`), [/^warning sinks\.s\.tls\.verify/])
  for (const [url, message] of [
    ['tcp://a', 'must be http://host:port or https://host:port'],
    ['a:9200', 'must be http://host:port or https://host:port'],
    ['https://u:p@a', 'must not hold a user or password'],
    ['https://a/#x', 'must not hold a fragment (#)'],
  ])
    matchAll(t, briefly(`type: http, endpoints: ["${url}"]`), [`error sinks.s.endpoints[0] ${message}`])
})

t.test('what has no effect, and what needs something else', async (t) => {
  matchAll(t, briefly(`${elastic}, data_stream: {}, index: x`), [/^error sinks\.s\.index stands beside data_stream/])
  matchAll(t, briefly(`${elastic}, json_field: eve`), [/^warning sinks\.s\.json_field has no effect/])
  matchAll(t, briefly(`${elastic}, json_body: nest, json_field: message.body`), [/^error sinks\.s\.json_field is a field of ours/])
  matchAll(t, briefly(`${http}, preset: splunk_hec`), ['error sinks.s.preset needs splunk beside it'])
  matchAll(t, briefly(`${http}, splunk: { token: t }`), ['error sinks.s.splunk needs preset beside it'])
  const splunk = 'preset: splunk_hec, splunk: { token: t }'
  matchAll(t, briefly(`${http}, ${splunk}, compression: zstd`), [/^error sinks\.s\.compression is not understood by Splunk/])
  matchAll(t, briefly(`${http}, headers: { Content-Length: 5 }`), [/^error sinks\.s\.headers/])
  matchAll(t, briefly(`${http}, headers: { Content-Length: "5" }`), [/^error sinks\.s\.headers\.Content-Length is set by the relay/])
  matchAll(t, briefly(`${http}, format: rfc5424`), [/^warning sinks\.s\.format has no effect with "encoding: ndjson"/])
})

t.test('values of their own kind', async (t) => {
  matchAll(t, briefly(`${elastic}, index: "Upper"`), [/^error sinks\.s\.index must be the name of an index/])
  matchAll(t, briefly(`${elastic}, index: "a-{host}"`), [/^error sinks\.s\.index/])
  matchAll(t, briefly(`${elastic}, proxy: "proxy:3128"`), [/^error sinks\.s\.proxy must be http:\/\/host:port, environment, or off/])
  matchAll(t, briefly(`${elastic}, api_key: { path: /p }`), [/^error sinks\.s\.api_key must be "\{ file: /])
  matchAll(t, briefly(`${http}, headers: { "a b": x }`), [/^error sinks\.s\.headers/])
})
