import { test } from 'tap'
import type { Origin } from '../../src/core/batch.ts'
import { createDocument, type DocumentOptions } from '../../src/syslog/document.ts'

const received = '2026-11-22T08:00:05.250Z'
const receivedAtMs = Date.parse(received)
const sender: Origin = { peer: '192.0.2.1', port: 5140, transport: 'udp' }
const options: DocumentOptions = {
  device: 'linux',
  timezone: 'UTC',
  eventOriginal: false,
  jsonBody: 'off',
  jsonField: 'json',
  labels: {},
}

function documentOf(text: string, given: Partial<DocumentOptions> = {}, origin: Origin = sender): Record<string, unknown> {
  return createDocument({ ...options, ...given })({ bytes: Buffer.from(text), flags: 0, origin, receivedAtMs })
}

test('a whole document', async (t) => {
  const dataStream = { type: 'logs', dataset: 'logrelay.linux', namespace: 'default' }
  t.strictSame(documentOf('<13>Nov 22 08:00:00 web-1 app[7]: text', { labels: { site: 'a' }, dataStream }), {
    '@timestamp': '2026-11-22T08:00:00Z',
    message: 'text',
    event: { created: received, module: 'linux', dataset: 'logrelay.linux' },
    log: {
      syslog: {
        priority: 13,
        facility: { code: 1, name: 'user' },
        severity: { code: 5, name: 'Notice' },
        hostname: 'web-1',
        appname: 'app',
        procid: '7',
      },
    },
    source: { ip: '192.0.2.1', port: 5140 },
    client: { ip: '192.0.2.1', port: 5140 },
    network: { transport: 'udp', protocol: 'syslog' },
    ecs: { version: '8.17.0' },
    agent: { type: 'logrelay' },
    data_stream: dataStream,
    labels: { site: 'a' },
    host: { name: 'web-1' },
  })
})

test('the whole message, by setting', async (t) => {
  const text = '<13>Nov 22 08:00:00 web-1 app: text'
  t.match(documentOf(text, { eventOriginal: true }).event, { original: text })
  t.notOk('original' in (documentOf(text).event as object))
})

test('without a data stream the dataset is the device', async (t) => {
  const document = documentOf('<13>x')
  t.match(document.event, { dataset: 'linux' })
  t.notOk('data_stream' in document)
})

test('a device that is known observes; it is no host', async (t) => {
  const observer = { vendor: 'Cisco', product: 'ASA', type: 'firewall' }
  const document = documentOf('<166>Nov 22 08:00:00 fw1 : %ASA-6-302013: Built', { device: 'cisco-asa', observer })
  t.strictSame(JSON.parse(JSON.stringify(document.observer)), { ...observer, hostname: 'fw1', ip: '192.0.2.1' })
  t.notOk('host' in document)
  const nameless = documentOf('<166>x', { device: 'cisco-asa', observer })
  t.strictSame(JSON.parse(JSON.stringify(nameless.observer)), { ...observer, ip: '192.0.2.1' })
})

test('labels of the configuration beside those of the connection, which win', async (t) => {
  const origin = { ...sender, proxy: { peer: '10.0.0.1' } }
  t.strictSame(documentOf('<13>x', { labels: { site: 'a', proxy_ip: 'no' } }, origin).labels, { site: 'a', proxy_ip: '10.0.0.1' })
})

test('an address has no zone where a store wants an address', async (t) => {
  const observer = { vendor: 'v', product: 'p', type: 'firewall' }
  const document = documentOf('<13>x', { observer }, { ...sender, peer: 'fe80::1%eth0' })
  for (const name of ['source', 'client', 'observer']) t.equal((document[name] as { ip: string }).ip, 'fe80::1', name)
})

test('a message from a bucket has no sender', async (t) => {
  const object = { bucket: 'logs', key: 'a/b.gz' }
  const origin: Origin = { peer: 's3://logs/a/b.gz', port: 0, transport: 's3', object }
  const observer = { vendor: 'v', product: 'p', type: 'firewall' }
  const document = JSON.parse(JSON.stringify(documentOf('<13>Nov 22 08:00:00 fw1 app: x', { observer }, origin))) as Record<string, unknown>
  t.match(document, {
    aws: { s3: { bucket: { name: 'logs' }, object: { key: 'a/b.gz' } } },
    log: { file: { path: 's3://logs/a/b.gz' }, syslog: { hostname: 'fw1' } },
  })
  t.strictSame(document.observer, { ...observer, hostname: 'fw1' })
  for (const name of ['source', 'client', 'network', 'tls', 'cloud']) t.notOk(name in document, name)
  t.strictSame(documentOf('x', {}, origin).log, { file: { path: 's3://logs/a/b.gz' } })
})

test('the cookie before a CEE body is no tag', async (t) => {
  const document = documentOf('<13>Nov 22 08:00:00 web-1 @cee: {"a":1}', { jsonBody: 'nest' })
  t.notOk('appname' in ((document.log as Record<string, object>).syslog as object))
  t.strictSame(document.json, { a: 1 })
})

test('documents share nothing that one of them could change', async (t) => {
  const make = createDocument({ ...options, jsonBody: 'merge', labels: { site: 'a' } })
  const message = (text: string) => ({ bytes: Buffer.from(text), flags: 0, origin: sender, receivedAtMs })
  make(message('{"labels":{"b":"c"},"agent":{"name":"x"},"ecs":{"more":1},"event":{"kind":"event"}}'))
  const next = make(message('{"a":1}'))
  t.strictSame(next.labels, { site: 'a' })
  t.strictSame(next.agent, { type: 'logrelay' })
  t.strictSame(next.ecs, { version: '8.17.0' })
})

test('a record of an AWS service has its own date and fields, its columns as the header of its object says', async (t) => {
  const object = { bucket: 'flow', key: 'a.gz' }
  const bucket: Origin = { peer: 's3://flow/a.gz', port: 0, transport: 's3', object }
  const flow = '2 123456789010 eni-1 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK'
  const given = { device: 'aws-vpc-flow', dataStream: { type: 'logs', dataset: 'flow', namespace: 'default' } }
  const document = documentOf(flow, given, bucket)
  t.match(document, {
    '@timestamp': '2014-12-14T04:07:50Z',
    message: flow,
    event: { created: received, dataset: 'flow', action: 'accept' },
    source: { ip: '172.31.16.139', port: 20641 },
    aws: { s3: { bucket: { name: 'flow' }, object: { key: 'a.gz' } }, vpcflow: { interface_id: 'eni-1' } },
  })
  const own = documentOf('10.0.0.1 10.0.0.2', given, { ...bucket, object: { ...object, header: 'srcaddr dstaddr' } })
  t.match(own, { source: { ip: '10.0.0.1' }, destination: { ip: '10.0.0.2' } })
  t.equal(own['@timestamp'], received, 'the receipt, where the record has no date')
  t.match(documentOf('no flow', given, bucket), { message: 'no flow', '@timestamp': received })
})
