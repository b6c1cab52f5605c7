import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { HttpRequest } from '../../../src/sinks/http/http-client.ts'
import { clientFor } from '../../support/http-client-for.ts'
import { ForwardProxy } from '../../support/http-proxy.ts'
import { ScriptedHttpServer } from '../../support/http-server.ts'
import { makeCertificate } from '../../support/test-certificates.ts'

const post: HttpRequest = { method: 'POST', path: '/x', body: Buffer.from('hello') }
const never = new AbortController().signal

// The machine's authorities are read once: hence a process of its own.
t.test("a proxy over TLS, its certificate checked against the machine's authorities", async (t) => {
  const ca = await makeCertificate('Own CA', { isCa: true })
  const file = join(t.testdir(), 'ca.pem')
  writeFileSync(file, ca.cert)
  process.env.SSL_CERT_FILE = file
  const known = await new ForwardProxy({ tls: await makeCertificate('proxy', { ca }), credentials: 'u:p' }).listen()
  const unknown = await new ForwardProxy({ tls: await makeCertificate('proxy') }).listen()
  const servers = {
    http: await new ScriptedHttpServer().listen(),
    https: await new ScriptedHttpServer(() => ({}), await makeCertificate('siem', { ca })).listen(),
  }
  t.teardown(() => Promise.all([known.close(), unknown.close(), servers.http.close(), servers.https.close()]))
  for (const scheme of ['https', 'http'] as const) {
    const client = clientFor(servers[scheme], { scheme, proxy: `https://u:p@127.0.0.1:${known.port}` })
    t.equal((await client.request(post, never)).status, 200)
    await client.close()
    const refused = clientFor(servers[scheme], { scheme, proxy: `https://127.0.0.1:${unknown.port}` })
    await t.rejects(refused.request(post, never), {
      code: 'ENDPOINT_TLS',
      message: /through the proxy .* its certificate is self-signed/,
      hint: /this machine's authorities/,
    })
    await refused.close()
  }
  t.equal(known.asked.length, 2)
  t.equal(unknown.asked.length, 0)
})
