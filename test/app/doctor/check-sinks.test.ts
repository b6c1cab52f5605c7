import { test } from 'tap'
import { type AskReceiver, checkSinks } from '../../../src/app/doctor/check-sinks.ts'
import type { Network, Target } from '../../../src/app/doctor/network.ts'
import { parseService } from '../../../src/app/doctor/service-state.ts'
import { RelayError } from '../../../src/core/errors.ts'
import { SecretReader } from '../../../src/secrets/read-secret.ts'
import { fileSink, pipeline, type SinkInput, syslogSink } from '../../support/relay-config.ts'
import { configOf, lines, type Machine, never, nowMs, situationOf } from './fake-host.ts'

const day = 86_400_000
const refused = new RelayError('ENDPOINT_UNREACHABLE', 'cannot connect: refused', { hint: 'Is it running?' })

/** Names have the address 192.0.2.1; what is not said otherwise can be reached. */
function network(more: Partial<Network> = {}): Network {
  return {
    lookup: async () => ['192.0.2.1'],
    reach: async ({ tls }) => ({ connectMs: 1, ...(tls && { tls: { version: 'TLSv1.3', notAfterMs: nowMs + 90 * day } }) }),
    reachThrough: async () => ({ connectMs: 2 }),
    route: async () => {},
    ...more,
  }
}
const nothing: AskReceiver = async () => undefined
type Sinks = Record<string, SinkInput>
const situation = (sinks: Sinks, machine: Machine = {}, more = {}) =>
  situationOf(machine, { config: configOf({ sinks, pipelines: { main: pipeline(Object.keys(sinks)) } }), ...more })
const check = async (sinks: Sinks, more: Partial<Network> = {}, ask = nothing, signal = never) =>
  lines(await checkSinks(situation(sinks), network(more), ask, signal))
/** Reaches all but these hosts and ports. */
const without =
  (...broken: string[]) =>
  async ({ host, port }: Target) => {
    if (broken.includes(`${host}:${port}`)) throw refused
    return { connectMs: 1 }
  }

test('what works has one line for each endpoint', async (t) => {
  const sinks = {
    a: syslogSink('tcp://siem.example.com:601'),
    b: syslogSink('tls://192.0.2.9:6514'),
    c: syslogSink('udp://192.0.2.9:514'),
    d: fileSink('-'),
  }
  t.match(await check(sinks), [
    /^ok a, tcp:\/\/siem\.example\.com:601: 192\.0\.2\.1 \(found in [\d.]+ ms\); connected in 1\.0 ms$/,
    /^ok b, tls:\/\/192\.0\.2\.9:6514: connected in 1\.0 ms, TLSv1\.3, its certificate is valid until 2027-02-01$/,
    /^ok c, udp:.*: there is a route; whether anybody receives there, UDP cannot tell$/,
    /^ok d: standard output$/,
  ])
})

test('an endpoint that fails is a problem where no other of its sink works', async (t) => {
  const two = { a: syslogSink('tcp://192.0.2.1:1', { endpoints: ['tcp://192.0.2.1:1', 'tcp://192.0.2.1:2'] }) }
  t.match(await check(two, { reach: without('192.0.2.1:1') }), [
    /^warning a, tcp:\/\/192\.0\.2\.1:1: cannot connect: refused\. Is it running\? \(the other endpoints take its messages\) \$ nc -vz 192\.0\.2\.1 1$/,
    /^ok/,
  ])
  const both = await check(two, { reach: without('192.0.2.1:1', '192.0.2.1:2') })
  t.match(both, [/^problem .*\(its messages wait on disk\)/, /^problem/])
})

test('an endpoint that nobody had time for is none that works', async (t) => {
  const ending = new AbortController()
  const reach = () => {
    setImmediate(() => ending.abort())
    return Promise.reject(refused)
  }
  const sink = { a: syslogSink('tcp://192.0.2.1:1', { endpoints: ['tcp://192.0.2.1:1', 'tcp://siem:2'] }) }
  const found = await check(sink, { reach, lookup: () => new Promise(() => {}) }, nothing, ending.signal)
  t.match(found, [/^problem a, .*\(its messages wait on disk\)/, /^unknown a, tcp:\/\/siem:2/])
})

test('of a name with many addresses some are tried', async (t) => {
  const tried: string[] = []
  const reach = async ({ host }: Target) => {
    tried.push(host)
    return { connectMs: 1 }
  }
  await check({ a: syslogSink('tcp://siem:1') }, { lookup: async () => ['a', 'b', 'c', 'd', 'e', 'f'], reach })
  t.same(tried, ['a', 'b', 'c', 'd'])
})

test('one of several addresses of a name fails', async (t) => {
  const lookup = async () => ['192.0.2.1', '192.0.2.2']
  const [found] = await check({ a: syslogSink('tcp://siem:1') }, { lookup, reach: without('192.0.2.2:1') })
  t.match(
    found,
    /^warning a, tcp:\/\/siem:1: 192\.0\.2\.1, 192\.0\.2\.2 \(.*\); 1 of 2 addresses can be reached: cannot connect: refused.*\$ nc -vz 192\.0\.2\.2 1$/,
  )
})

test('names that cannot be found, and commands that can be pasted', async (t) => {
  const lookup = () => Promise.reject(Object.assign(new Error('x'), { code: 'ENOTFOUND' }))
  const [found] = await check({ a: syslogSink('tcp://$(reboot);x:1') }, { lookup })
  t.match(found, /^problem .*\$\(reboot\);x has no address: name not found\. .* \$ getent hosts '\$\(reboot\);x'$/)
  t.match(await check({ a: syslogSink('tcp://siem:1') }, { lookup: async () => [] }), [/^problem .* the name has no address/])
})

test('each name is looked up once', async (t) => {
  let lookups = 0
  const lookup = async () => [`192.0.2.${++lookups}`]
  const endpoints = ['tcp://siem:1', 'tcp://siem:2', 'tcp://192.0.2.77:3']
  await check({ a: syslogSink('tcp://siem:1', { endpoints }), b: syslogSink('tcp://siem:4') }, { lookup })
  t.equal(lookups, 1)
})

test('failures of TLS', async (t) => {
  const failing = (code: 'ENDPOINT_TLS' | 'TLS_MATERIAL', cause?: unknown) => ({
    reach: () => Promise.reject(new RelayError(code, 'no', { cause })),
  })
  const sink = { a: syslogSink('tls://siem:6514', { tls: { ca_file: '/dev/null', server_name: "o'brien" } }) }
  const plain = { a: syslogSink('tls://siem:6514') }
  t.match(await check(plain, failing('ENDPOINT_TLS')), [/ \$ openssl s_client -connect 192\.0\.2\.1:6514 -servername siem <\/dev\/null$/])
  t.match(await check(sink, failing('ENDPOINT_TLS')), [/ -servername 'o'\\''brien' -CAfile \/dev\/null <\/dev\/null$/])
  t.match(await check(sink, failing('TLS_MATERIAL')), [/^problem .*\$ ls -l \/dev\/null$/])
  t.match(await check(sink, failing('TLS_MATERIAL', { code: 'EACCES' })), [/^unknown .*run as root/])
})

test("the end of a receiver's certificate", async (t) => {
  const ending = (days: number) => ({ reach: async () => ({ connectMs: 1, tls: { version: 'TLSv1.3', notAfterMs: nowMs + days * day } }) })
  const sink = { a: syslogSink('tls://192.0.2.1:6514') }
  t.match(await check(sink, ending(29)), [/^ok/, /^warning a, .*: the receiver's certificate expires on .*, in 29 days/])
  t.match(await check(sink, ending(-1)), [/^ok/, /^warning a, .*: the receiver's certificate expired on/])
})

test('through a proxy', async (t) => {
  const sink: Sinks = { a: { type: 'http', endpoints: ['https://siem.example.com'], proxy: 'http://u:secret@127.0.0.1:3128' } }
  const lookup = () => t.fail('the proxy looks names up')
  t.match(await check(sink, { lookup: lookup as never }), [
    /^ok a, .*: through the proxy http:\/\/127\.0\.0\.1:3128: connected in 2\.0 ms$/,
  ])
  t.match(await check(sink, { reachThrough: () => Promise.reject(refused) }), [/^problem .*\$ nc -vz 127\.0\.0\.1 3128$/])
})

test('what a receiver answers', async (t) => {
  const sink: Sinks = { a: { type: 'elasticsearch', endpoints: ['http://192.0.2.1:9200'] } }
  t.match(await check(sink, {}, async () => 'Elasticsearch 9.0.0'), [/^ok .*; Elasticsearch 9\.0\.0$/])
  const denied = () => Promise.reject(new RelayError('ENDPOINT_AUTH', 'it answered 401'))
  t.match(await check(sink, {}, denied), [
    /^problem .*: it answered 401 \(its messages wait on disk\) \$ curl -v http:\/\/192\.0\.2\.1:9200$/,
  ])
  const hidden = () => Promise.reject(new RelayError('SECRET_UNREADABLE', 'the key is hidden', { cause: { code: 'EACCES' } }))
  t.match(await check(sink, {}, hidden), [/^ok .*; the key is hidden, so it was not asked more$/])
})

test('no way for UDP', async (t) => {
  const route = () => Promise.reject(new RelayError('ENDPOINT_UNREACHABLE', 'no route'))
  t.match(await check({ a: syslogSink('udp://192.0.2.1:514') }, { route }), [/^problem .* no route .*\$ ip route get 192\.0\.2\.1$/])
})

test('when time runs out, what was found is told and the rest is unknown', async (t) => {
  const ending = new AbortController()
  const reach: Network['reach'] = ({ port }, signal) => {
    if (port === 1) return Promise.resolve({ connectMs: 1 })
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(refused))
      ending.abort()
    })
  }
  const sinks = { a: syslogSink('tcp://192.0.2.1:1', { endpoints: ['tcp://192.0.2.1:1', 'tcp://192.0.2.1:2'] }) }
  t.match(await check(sinks, { reach }, nothing, ending.signal), [
    /^ok/,
    /^unknown a, tcp:\/\/192\.0\.2\.1:2: there was no time left to look at it$/,
  ])
})

test('a thousand endpoints are looked at some at a time', async (t) => {
  let [open, most] = [0, 0]
  const reach = async () => {
    most = Math.max(most, ++open)
    await new Promise(setImmediate)
    open--
    return { connectMs: 1 }
  }
  const endpoints = Array.from({ length: 1000 }, (_, i) => `tcp://192.0.2.1:${i + 1}`)
  t.equal((await check({ a: syslogSink('tcp://192.0.2.1:1', { endpoints }) }, { reach })).length, 1000)
  t.equal(most, 256)
})

test('files: written as the user of the relay', async (t) => {
  const tried = (path: string) => `runuser -u logrelay -- sh -c test -w "$1" && echo y || echo n sh ${path}`
  const command = tried('/srv/relay')
  const log = '/srv/relay/logs/main.log'
  const files = async (machine: Machine, user = { uid: 990, name: 'logrelay' }) =>
    lines(
      await checkSinks(
        situation({ a: fileSink('logs/{pipeline}.log') }, { stats: { '/srv/relay': {} }, ...machine }, { user }),
        network(),
        nothing,
        never,
      ),
    )
  t.match(await files({ commands: { [command]: 'y\n' } }), [/^ok a, \/srv\/relay\/logs\/main\.log: \/srv\/relay can be written$/])
  const no = { [command]: 'n\n' }
  t.match(await files({ commands: no }), [/^problem .*\$ install -d -m 0750 -o logrelay \/srv\/relay\/logs$/], 'what is above it stays')
  const there = { '/srv/relay': {}, '/srv/relay/logs': { isDirectory: true } }
  const closed = { [tried('/srv/relay/logs')]: 'n\n' }
  t.match(await files({ commands: closed, stats: there }), [/^problem .*\$ chown logrelay \/srv\/relay\/logs$/])
  const setfacl = { ...there, '/usr/bin/setfacl': {} }
  t.match(await files({ commands: closed, stats: setfacl }), [/^problem .*\$ setfacl -m u:logrelay:rwx \/srv\/relay\/logs$/])
  t.match(await files({ commands: { [command]: { status: 1, out: '' } } }), [/^unknown .* cannot be tried/], 'runuser knows no such user')
  const both = (word: string) => ({ files: { [log]: '' }, commands: { [tried('/srv/relay/logs')]: 'y\n', [tried(log)]: word } })
  t.match(await files(both('y\n')), [/^ok .*main\.log can be written$/])
  t.match(await files(both('n\n')), [
    /^problem .* may not write to \/srv\/relay\/logs\/main\.log: .*\$ chown logrelay \/srv\/relay\/logs\/main\.log$/,
  ])
  t.match(await files({}), [/^unknown .* cannot be tried/])
  t.match(await files({ uid: 5 }), [/^unknown .* is for root to see/])
  t.match(await files({ uid: 990 }), [/^ok/])
  t.match(await files({ uid: 990, unwritable: ['/srv/relay'] }), [/^problem/])
})

test('files: a directory that the service could not make', async (t) => {
  const service = parseService('LoadState=loaded\nUser=logrelay\n')
  const files = async (path: string, stats: Machine['stats']) =>
    lines(
      await checkSinks(
        situation(
          { a: fileSink(path) },
          { uid: 990, stats: { '/srv/relay': {}, ...stats } },
          { user: { uid: 990, name: 'logrelay' }, service },
        ),
        network(),
        nothing,
        never,
      ),
    )
  t.match(await files('/srv/log archive/a.log', {}), [
    /^problem .*it cannot start \$ install -d -m 0750 -o logrelay '\/srv\/log archive' && systemctl restart logrelay$/,
  ])
  t.match(await files('/srv/log archive/a.log', { '/srv/log archive': {} }), [/^ok/])
  t.match(await files('logs/a.log', {}), [/^ok/], 'below data_dir it makes them')
})

test('a receiver that works in part is asked all the same', async (t) => {
  const sink: Sinks = { a: { type: 'elasticsearch', endpoints: ['http://siem:9200'] } }
  const partly = { lookup: async () => ['192.0.2.1', '192.0.2.2'], reach: without('192.0.2.2:9200') }
  const failing = (code: 'ENDPOINT_AUTH' | 'ENDPOINT_UNREACHABLE') => () => Promise.reject(new RelayError(code, 'it says no'))
  t.match(await check(sink, partly, async () => 'Elasticsearch 9.0.0'), [/^warning .* 1 of 2 addresses .*; Elasticsearch 9\.0\.0 /])
  t.match(await check(sink, partly, failing('ENDPOINT_AUTH')), [/^problem .*: it says no/])
  t.match(await check(sink, partly, failing('ENDPOINT_UNREACHABLE')), [/^warning .* 1 of 2 addresses/])
})

test('a secret that the environment of the service may have', async (t) => {
  const sinks: Sinks = { a: { type: 'elasticsearch', endpoints: ['http://192.0.2.1:9200'] } }
  const unset = new SecretReader({ env: 'THE_KEY' }, {})
  const ask = async () => await unset.read()
  const look = async (more: object) => lines(await checkSinks(situation(sinks, {}, more), network(), ask, never))
  t.match(await look({ service: parseService('LoadState=loaded\n') }), [
    /^unknown a, .*: connected .*; the environment variable THE_KEY is not set/,
  ])
  t.match(await look({ relay: { silent: 'closed' } }), [/^unknown/])
  t.match(await look({}), [/^problem/])
})
