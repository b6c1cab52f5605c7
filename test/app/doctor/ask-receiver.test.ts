import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Test, test } from 'tap'
import { askReceiver } from '../../../src/app/doctor/ask-receiver.ts'
import { type SinkEndpoint, sinkEndpoints } from '../../../src/app/doctor/sink-endpoints.ts'
import type { SinkInput } from '../../support/relay-config.ts'
import { configOf, never } from './fake-host.ts'

/** The first endpoint of a sink. */
function endpointOf(sink: SinkInput): SinkEndpoint {
  return sinkEndpoints(configOf({ sinks: { a: sink } }))[0] as SinkEndpoint
}

async function answering(t: Test, status: number, body: unknown) {
  const asked: (string | undefined)[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization}`)
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { asked, endpoint: endpointOf({ type: 'elasticsearch', endpoints: [endpoint], api_key: 'key' }) }
}

test('a cluster says what it is, asked as its sink would ask', async (t) => {
  const { asked, endpoint } = await answering(t, 200, { version: { number: '9.1.0', build_flavor: 'default' } })
  t.equal(await askReceiver(endpoint, never), 'Elasticsearch 9.1.0')
  t.same(asked, ['GET / ApiKey key'])
})

test('who may only write is known; who is not known is an error', async (t) => {
  t.equal(await askReceiver((await answering(t, 403, {})).endpoint, never), 'it knows the user or key of this sink')
  await t.rejects(askReceiver((await answering(t, 401, {})).endpoint, never), { code: 'ENDPOINT_AUTH' })
  await t.rejects(askReceiver((await answering(t, 200, { hello: 1 })).endpoint, never), { code: 'ENDPOINT_REFUSED' })
})

test('others are not asked', async (t) => {
  t.equal(await askReceiver(endpointOf({ type: 'http', endpoints: ['http://127.0.0.1:1'] }), never), undefined)
  t.equal(await askReceiver(endpointOf({ type: 'syslog', endpoints: ['tcp://127.0.0.1:1'] }), never), undefined)
})

test('endpoints know their TLS, and a proxy that is none', async (t) => {
  const schemes = ['tcp', 'tls', 'relp', 'relps', 'udp'] as const
  const sinks = { a: { type: 'syslog' as const, endpoints: schemes.map((scheme) => `${scheme}://h:1`) }, f: { type: 'file' as const } }
  const found = sinkEndpoints(configOf({ sinks }))
  t.same(
    found.map(({ scheme, tls }) => [scheme, tls !== undefined]),
    schemes.map((scheme) => [scheme, scheme === 'tls' || scheme === 'relps']),
  )
  const before = process.env.https_proxy
  process.env.https_proxy = 'ftp://x'
  t.teardown(() => {
    if (before === undefined) delete process.env.https_proxy
    else process.env.https_proxy = before
  })
  t.match(endpointOf({ type: 'http', endpoints: ['https://h.example.com'], proxy: 'environment' }), { wrong: { code: 'CONFIG_INVALID' } })
})
