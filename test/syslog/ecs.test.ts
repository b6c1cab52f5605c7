import { test } from 'tap'
import type { Origin } from '../../src/core/batch.ts'
import { MessageFlag } from '../../src/core/batch.ts'
import { type MessageContext, toEcs } from '../../src/syslog/ecs.ts'
import { parseMessage } from '../../src/syslog/parse-message.ts'

const receivedAtMs = Date.parse('2026-11-21T18:00:05.250Z')
const received = '2026-11-21T18:00:05.250Z'

function ecs(raw: string | Buffer, context: Partial<MessageContext> = {}): Record<string, unknown> {
  const bytes = typeof raw === 'string' ? Buffer.from(raw) : raw
  return toEcs(parseMessage(bytes, { timezone: 'UTC', receivedAtMs }), bytes, { receivedAtMs, ...context })
}

test('a whole message', async (t) => {
  const raw = '<165>1 2003-10-11T22:14:15.003Z host app 7 ID47 [a@1 x="1"] text'
  t.strictSame(ecs(raw), {
    '@timestamp': '2003-10-11T22:14:15.003Z',
    message: 'text',
    event: { created: received, original: raw },
    log: {
      syslog: {
        priority: 165,
        facility: { code: 20, name: 'local4' },
        severity: { code: 5, name: 'Notice' },
        version: '1',
        hostname: 'host',
        appname: 'app',
        procid: '7',
        msgid: 'ID47',
        structured_data: { 'a@1': { x: '1' } },
      },
    },
  })
})

test('what a message does not have is left out', async (t) => {
  t.strictSame(ecs('text'), {
    '@timestamp': received,
    message: 'text',
    event: { created: received, original: 'text' },
    tags: ['no_priority', 'no_timestamp'],
  })
  t.strictSame(ecs('<8>Nov 21 18:00:00 text').log, {
    syslog: { priority: 8, facility: { code: 1, name: 'user' }, severity: { code: 0, name: 'Emergency' } },
  })
})

test('every facility and severity has a name', async (t) => {
  for (let priority = 0; priority <= 191; priority++) {
    t.match(ecs(`<${priority}>x`).log, {
      syslog: { facility: { code: priority >> 3, name: /^[a-z]+[0-7]?$/ }, severity: { name: /^[A-Z][a-z]+$/ } },
    })
  }
})

test('a time that is none is the receive time', async (t) => {
  t.equal(ecs('<34>1 yesterday host app 7 - - text')['@timestamp'], received)
})

test('the sequence number of a Cisco device', async (t) => {
  t.match(ecs('<189>0012: %SYS-5-X: x').event, { sequence: 12 })
})

test('the sender', async (t) => {
  const origin: Origin = { peer: '192.0.2.1', port: 5140, transport: 'udp' }
  const sender = { ip: '192.0.2.1', port: 5140 }
  t.match(ecs('x', { origin }), { source: sender, client: sender, network: { transport: 'udp', protocol: 'syslog' }, tls: undefined })
  t.match(ecs('x', { origin: { ...origin, transport: 'tcp' } }), { network: { transport: 'tcp' }, tls: undefined })
  t.match(ecs('x', { origin: { ...origin, transport: 'tls' } }), { network: { transport: 'tcp' }, tls: { established: true } })
  const known = ecs('x', { origin: { ...origin, transport: 'tls', certSubject: 'CN=fw1' } })
  t.strictSame(known.tls, { established: true, client: { subject: 'CN=fw1' } })
})

test('what a load balancer said', async (t) => {
  const origin: Origin = { peer: '192.0.2.1', port: 5140, transport: 'tcp', proxy: { peer: '10.0.0.1' } }
  const plain = ecs('x', { origin })
  t.match(plain, { client: { ip: '192.0.2.1' }, labels: { proxy_ip: '10.0.0.1' } })
  t.notOk('tls' in plain || 'destination' in plain)
  const proxy = {
    peer: '10.0.0.1',
    destination: { address: '198.51.100.1', port: 6514 },
    authority: 'logs.example.com',
    alpn: 'syslog',
    vpcEndpointId: 'vpce-1',
    uniqueId: 'c0ffee',
    tls: { version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256', commonName: 'fw1', verified: true },
  }
  t.match(ecs('\xff', { origin: { ...origin, proxy } }), {
    destination: { ip: '198.51.100.1', port: 6514, domain: 'logs.example.com' },
    tls: {
      established: true,
      version: 'TLSv1.3',
      cipher: 'TLS_AES_128_GCM_SHA256',
      next_protocol: 'syslog',
      client: { subject: 'CN=fw1' },
    },
    labels: { proxy_ip: '10.0.0.1', vpc_endpoint_id: 'vpce-1', proxy_unique_id: 'c0ffee' },
  })
  const passed = ecs('x', { origin: { ...origin, transport: 'relps', certSubject: 'CN=own', proxy } })
  t.match(passed, { network: { protocol: 'relp' }, tls: { client: { subject: 'CN=own' } } })
  const raw = Buffer.from([0x3c, 0x31, 0x3e, 0xff])
  t.match(ecs(raw, { origin }).labels, { proxy_ip: '10.0.0.1', original_base64: raw.toString('base64') })
})

test('messages that are not whole', async (t) => {
  t.strictSame(ecs('<13>Nov 21 18:00:00 host app: x', { flags: MessageFlag.truncated }).tags, ['truncated'])
  t.strictSame(ecs('<13>x', { flags: MessageFlag.truncated | MessageFlag.cutOff }).tags, ['no_timestamp', 'truncated', 'cut_off'])
})

test('bytes that are no UTF-8 can be had back', async (t) => {
  const raw = Buffer.from('<13>Nov 21 18:00:00 host app: Gr\u00fc\u00dfe\n', 'latin1')
  const document = ecs(raw)
  t.match(document, { message: 'Gr\ufffd\ufffde', tags: ['not_utf8'] })
  t.match(document.labels, { original_base64: raw.toString('base64') })
})
