import { rmSync, writeFileSync } from 'node:fs'
import { createSecureServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { HttpRequest } from '../../../src/sinks/http/http-client.ts'
import { type ClientWishes, clientFor } from '../../support/http-client-for.ts'
import { ScriptedHttpServer } from '../../support/http-server.ts'
import { makeCertificate, writePair } from '../../support/test-certificates.ts'

const post: HttpRequest = { method: 'POST', path: '/', body: Buffer.from('hello') }
const never = new AbortController().signal
const past = new Date(Date.now() - 86_400_000)

async function authority(t: Test) {
  const ca = await makeCertificate('Own CA', { isCa: true })
  const directory = t.testdir()
  const caFile = join(directory, 'ca.pem')
  writeFileSync(caFile, ca.cert)
  return { ca, caFile, directory }
}

async function serve(t: Test, tls: ConstructorParameters<typeof ScriptedHttpServer>[1]) {
  const server = await new ScriptedHttpServer(({ path }) => ({ body: path }), tls).listen()
  t.teardown(() => server.close())
  return server
}

function connect(t: Test, server: { readonly port: number }, tls: Partial<ClientWishes['tls']> = {}, wishes: ClientWishes = {}) {
  const client = clientFor(server, { scheme: 'https', tls: { verify: true, min_version: 'TLSv1.2', ...tls }, ...wishes })
  t.teardown(() => client.close())
  return client
}

t.test("a certificate of the sink's own authority is accepted, by name and by address, with both versions of TLS", async (t) => {
  const { ca, caFile } = await authority(t)
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const pair = await makeCertificate('siem', { ca })
    const server = await serve(t, { ...pair, minVersion: version, maxVersion: version })
    for (const host of ['localhost', '127.0.0.1']) {
      const answer = await connect(t, server, { ca_file: caFile }, { host }).request({ ...post, path: '/a' }, never)
      t.equal(answer.body.toString(), '/a')
    }
  }
})

t.test('a certificate that is not to be trusted is refused, and the words say why', async (t) => {
  const { ca, caFile } = await authority(t)
  const good = await serve(t, await makeCertificate('siem', { ca }))
  const expired = await serve(t, await makeCertificate('siem', { ca, notAfter: past }))
  for (const [server, tls, message, hint] of [
    [expired, { ca_file: caFile }, /its certificate has expired/, /needs replacing/],
    [good, {}, /signed by an unknown authority/, /tls.ca_file/],
    [good, { ca_file: caFile, server_name: 'other.example.com' }, /its certificate is for another name/, /tls.server_name/],
  ] as const) {
    const client = connect(t, server, tls)
    await t.rejects(client.request(post, never), { name: 'RelayError', code: 'ENDPOINT_TLS', message, hint })
    t.equal(server.requests.length, 0)
  }
  t.equal((await connect(t, expired, { verify: false }).request(post, never)).status, 200)
})

t.test('a server that wants a client certificate: without one, with one, and with one that comes later', async (t) => {
  const { ca, caFile, directory } = await authority(t)
  const demands = { requestCert: true, rejectUnauthorized: true, ca: ca.cert }
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const server = await serve(t, { ...(await makeCertificate('siem', { ca })), ...demands, minVersion: version, maxVersion: version })
    const without = connect(t, server, { ca_file: caFile })
    await t.rejects(without.request(post, never), { code: 'ENDPOINT_TLS', hint: /tls.cert_file and tls.key_file/ })

    const stranger = writePair(join(directory, 'client'), await makeCertificate('client'))
    const client = connect(t, server, { ca_file: caFile, ...stranger })
    await t.rejects(client.request(post, never), { code: 'ENDPOINT_TLS' })
    writePair(join(directory, 'client'), await makeCertificate('client', { ca }))
    t.equal((await client.request(post, never)).status, 200, 'the files are read for each connection')

    rmSync(stranger.cert_file)
    const unreadable = connect(t, server, { ca_file: caFile, ...stranger })
    await t.rejects(unreadable.request(post, never), { code: 'TLS_MATERIAL', message: /cert\.pem/ })
  }
})

t.test('http and https taken for each other', async (t) => {
  const { ca, caFile } = await authority(t)
  const plain = await serve(t, undefined)
  await t.rejects(connect(t, plain, { ca_file: caFile }).request(post, never), {
    code: 'ENDPOINT_TLS',
    message: /it does not speak TLS/,
    hint: /http:/,
  })
  const secure = await serve(t, await makeCertificate('siem', { ca }))
  await t.rejects(connect(t, secure, {}, { scheme: 'http' }).request(post, never), { code: /ENDPOINT_(CLOSED|REFUSED)/ })
})

t.test('a server that speaks HTTP/2 alone', async (t) => {
  const { ca, caFile } = await authority(t)
  const server = createSecureServer({ ...(await makeCertificate('siem', { ca })), allowHTTP1: false })
  server.on('sessionError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => new Promise((resolve) => server.close(resolve)))
  const client = connect(t, server.address() as AddressInfo, { ca_file: caFile })
  await t.rejects(client.request(post, never), { code: 'ENDPOINT_TLS', message: /HTTP\/1\.1/ })
})
