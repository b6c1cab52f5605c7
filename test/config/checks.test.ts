import t from 'tap'
import { parseConfig } from '../../src/config/load.ts'
import type { Problem } from '../../src/config/problems.ts'
import { matchAll } from './match-all.ts'

const file = 'f: { type: file }'

function check(text: string): readonly Problem[] {
  const result = parseConfig(text, 'f.yaml', { firstPort: 1024 })
  return result.ok ? result.warnings : result.problems
}

function briefly(text: string): string[] {
  return check(text).map(({ severity, path, message }) => `${severity} ${path} ${message}`)
}

/** One pipeline p with this source and sinks. */
function config(sinks: string, names: string, source = '', more = ''): string {
  return `sinks: { ${sinks} }\npipelines:\n  p: { source: { type: syslog${source} }, sinks: [${names}]${more} }\n`
}

t.test('nothing to say', async (t) => {
  t.same(check(config(file, 'f')), [])
})

t.test('sinks that are not there, or not used', async (t) => {
  matchAll(t, check(config('siem: { type: file }', 'seim')), [
    { severity: 'warning', path: 'sinks.siem', message: 'no pipeline uses this sink' },
    { severity: 'error', path: 'pipelines.p.sinks[0]', message: 'there is no sink "seim"', hint: 'write "siem"' },
  ])
  matchAll(t, check(config(file, 'f, constructor')), [{ message: 'there is no sink "constructor"', hint: 'defined are: f' }])
  matchAll(t, briefly(config(file, 'f, f')), ['error pipelines.p.sinks[1] names "f" twice'])
})

t.test('no file is what another is rotated to', async (t) => {
  const two = (path: string, more = '', name = 'fw.1') =>
    `data_dir: /d\nsinks: { f: { type: file, path: "${path}"${more} } }\npipelines:\n  fw: { source: { type: syslog }, sinks: [f] }\n  ${name}: { source: { type: syslog, device: nginx }, sinks: [f] }\n`
  matchAll(t, check(two('logs/{pipeline}')), [
    {
      severity: 'error',
      path: 'sinks.f.path',
      message: '/d/logs/fw.1 would be overwritten when pipeline fw rotates /d/logs/fw',
      hint: /\{pipeline\}\.log/,
    },
  ])
  t.same(check(two('logs/{pipeline}.log')), [])
  t.same(check(two('logs/{pipeline}', ', max_files: 5', 'fw.6')), [], 'beyond max_files')
})

t.test('two pipelines never write one file', async (t) => {
  const two = (sinks: string, a: string, b: string) =>
    `sinks: { ${sinks} }\npipelines:\n  a: { source: { type: syslog }, sinks: [${a}] }\n  b: { source: { type: syslog, device: nginx }, sinks: [${b}] }\n`
  matchAll(t, check(two('f: { type: file, path: all.log }', 'f', 'f')), [
    { severity: 'error', path: 'sinks.f.path', message: 'the same file is written by pipelines a and b', hint: /\{pipeline\}/ },
  ])
  matchAll(t, briefly(two('f: { type: file, path: x/../all.log }, g: { type: file, path: all.log }', 'f', 'g')), [
    'error sinks.g.path the same file is written by pipelines a and b',
  ])
  matchAll(t, briefly(two('f: { type: file }, g: { type: file }', 'f, g', 'f')), [
    'error sinks.g.path the same file is written by pipeline a twice',
  ])
  t.same(check(two('f: { type: file, path: "-" }', 'f', 'f')), [], 'standard output may be shared')
  t.same(check(two('f: { type: file }', 'f', 'f')), [])
})

t.test('data_dir leaves room for the control socket', async (t) => {
  const at = (length: number) => `data_dir: /${'d'.repeat(length - 1)}\n${config(file, 'f')}`
  // 107 bytes with the 13 of /control.sock.
  t.same(check(at(94)), [])
  matchAll(t, check(at(95)), [{ severity: 'error', path: 'data_dir', message: /it has 108 bytes.* 107$/ }])
})

t.test('a disk filled to the last byte', async (t) => {
  matchAll(t, check(`min_free_disk: 1MiB\n${config(file, 'f')}`), [
    { severity: 'warning', path: 'min_free_disk', message: /64MiB/, hint: 'write "min_free_disk: 64MiB" or more' },
  ])
  t.same(check(`min_free_disk: 64MiB\n${config(file, 'f')}`), [])
})

t.test('certificates and keys come in pairs', async (t) => {
  matchAll(t, briefly(`tls: { cert_file: a.pem }\n${config(file, 'f')}`), ['error tls.cert_file needs key_file beside it'])
  matchAll(t, briefly(config(file, 'f', ', tls: { key_file: a.pem }')), ['error pipelines.p.source.tls.key_file needs cert_file beside it'])
  matchAll(t, briefly(config('s: { type: syslog, endpoints: ["tls://a"], tls: { cert_file: a.pem } }', 's')), [
    'error sinks.s.tls.cert_file needs key_file beside it',
  ])
})

t.test('sinks that may lose or give away messages', async (t) => {
  matchAll(t, briefly(config('s: { type: syslog, endpoints: ["tls://a"], tls: { verify: false } }', 's')), [
    /^warning sinks.s.tls.verify the server is not verified/,
  ])
  matchAll(t, briefly(config('s: { type: syslog, endpoints: ["tcp://a", "udp://b"] }', 's')), [
    /^warning sinks.s.endpoints\[1\] UDP acknowledges nothing/,
  ])
  matchAll(t, briefly(config('s: { type: syslog, endpoints: ["tls://a", "tls://a:6514"] }', 's')), [
    /^error sinks.s.endpoints\[1\] the same endpoint twice/,
  ])
})

t.test('a queue smaller than a message', async (t) => {
  matchAll(t, briefly(config(file, 'f', '', ', queue: { max_size: 10KiB }')), [
    /^warning pipelines.p.queue.max_size is smaller than one message may be \(max_message_size: 64KiB\)$/,
  ])
})

t.test('Cisco devices whose log server refuses', async (t) => {
  const cisco = (source: string, queue: string) => check(config(file, 'f', `, device: ${source}`, `, queue: { when_full: ${queue} }`))
  matchAll(t, cisco('cisco-asa', 'block'), [
    {
      severity: 'warning',
      path: 'pipelines.p.queue.when_full',
      line: 3,
      message: /^cisco-asa over tcp and tls may stop passing traffic/,
      hint: /drop_oldest.*permit-hostdown/,
    },
  ])
  matchAll(t, cisco('cisco-ios, transports: [tcp]', 'block'), [{ message: /^cisco-ios over tcp may/ }])
  t.same(cisco('cisco-asa, transports: [udp]', 'block'), [])
  t.same(cisco('cisco-asa', 'drop_newest'), [])
  t.same(cisco('nginx', 'block'), [])
})

t.test('PROXY headers are believed from somebody, and not from everybody', async (t) => {
  matchAll(t, check(config(file, 'f', ', proxy_protocol: optional')), [
    { severity: 'error', path: 'pipelines.p.source.proxy_protocol', message: /^needs trusted_proxies/, hint: /10\.0\.0\.0/ },
  ])
  matchAll(t, briefly(config(file, 'f', ', trusted_proxies: [10.0.0.1]')), [
    'warning pipelines.p.source.trusted_proxies has no effect while proxy_protocol is off',
  ])
  matchAll(t, briefly(config(file, 'f', ', proxy_protocol: required, trusted_proxies: [10.0.0.1, "::/0"]')), [
    'warning pipelines.p.source.trusted_proxies[1] anybody can then say which client a message is from',
  ])
  t.same(check(config(file, 'f', ', proxy_protocol: required, trusted_proxies: [10.0.0.0/8]')), [])
})
