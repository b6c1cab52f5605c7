import { writeFileSync } from 'node:fs'
import type { ServerOptions } from 'node:https'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import type { ErrorCode } from '../../src/core/errors.ts'
import { BulkIndex } from '../support/bulk-index.ts'
import { answerBulk } from '../support/bulk-items.ts'
import { type ReceivedRequest, type Reply, ScriptedHttpServer } from '../support/http-server.ts'
import { oneSink, type SinkInput, soon } from '../support/relay-config.ts'
import { parsedConfig, startRelay } from '../support/relay-in-process.ts'
import { unbalanced } from '../support/relay-ledger.ts'
import { sendOnce } from '../support/relay-senders.ts'
import { until } from '../support/relay-until.ts'
import { shortDir } from '../support/short-dir.ts'
import { type CertificateWishes, certificate } from '../support/sink-certificates.ts'

type Answer = Awaited<ReturnType<ScriptedHttpServer['script']>>

/** What a person is told. */
interface Told {
  readonly code: ErrorCode
  readonly message: RegExp
  readonly hint: RegExp
}

const messages = Array.from({ length: 20 }, (_, i) => `<13>1 2026-11-21T12:34:56Z host app - - - message ${i}`)
const page = '<!DOCTYPE html><html><head><title>Sign in</title></head><body>Who are you?</body></html>'
const html: Reply = { headers: { 'content-type': 'text/html' }, body: page }

/** A cluster as it should be: it takes what comes. */
class Upstream {
  readonly index = new BulkIndex('logs')
  readonly server: ScriptedHttpServer

  constructor(t: Test, tls?: ServerOptions) {
    this.server = new ScriptedHttpServer((request) => this.take(request), tls)
    t.teardown(() => this.server.close())
  }

  take({ body }: ReceivedRequest): Reply {
    const items = answerBulk('logs', body, (_, id, document) => this.index.create(id, document))
    if (typeof items === 'string') return { status: 400, body: { error: { type: 'illegal_argument_exception', reason: items } } }
    return { body: { took: 1, errors: items.some(({ create }) => create.error !== undefined), items } }
  }

  /** The messages that it has, in the order of their coming. */
  get texts(): unknown[] {
    return [...this.index.documents.values()].map(({ message }) => message)
  }
}

/** The relay gets its messages while the upstream is bad, and delivers them when it is mended. */
async function recovers(t: Test, sink: SinkInput, told: Told, mend: () => unknown): Promise<void> {
  const { relay, lines } = await startRelay(t, parsedConfig(shortDir(t), oneSink(sink)))
  const main = () => {
    const found = relay.status().pipelines.main
    if (found === undefined) throw new Error('there is no pipeline main')
    return found
  }
  const port = main().source.listening[0]?.port ?? 0
  await sendOnce(t, { host: '127.0.0.1', port }, messages.map((message) => `${message}\n`).join(''))
  const up = () => main().sinks.up
  const words = () => JSON.stringify([up(), main().ledger])
  const failing = () => main().ledger.sinks.up?.received === messages.length && up()?.state === 'backing_off' && up()
  const failed = await until(() => `the sink to fail; it says ${words()}`, failing)
  t.equal(failed.error?.code, told.code)
  t.match(failed.error?.message, told.message)
  t.ok((failed.failingSinceMs ?? Number.POSITIVE_INFINITY) <= (failed.retryAtMs ?? 0), 'since when, and when it is tried again')
  t.match(
    lines.find(({ code }) => code === told.code),
    { level: /warn|error/, pipeline: 'main', sink: 'up', hint: told.hint },
    'the log says what to do',
  )
  t.match(main().ledger.sinks.up, { queued: messages.length, delivered: 0, rejected: 0 })
  t.strictSame(unbalanced(main().ledger), [])
  t.equal(relay.status().state, 'running')
  await mend()
  await until(
    () => `everything to be delivered; it says ${words()}`,
    () => main().ledger.sinks.up?.delivered === messages.length,
  )
  await until(
    () => `the sink to be well; it says ${words()}`,
    () => up()?.error === undefined && up()?.endpoints[0]?.error === undefined,
  )
  t.match(main().ledger.sinks.up, { queued: 0, rejected: 0 })
  t.strictSame(unbalanced(main().ledger), [])
  t.ok(
    lines.some(({ msg }) => /delivers again/.test(msg)),
    'and that it is over',
  )
  t.strictSame(
    lines.filter(({ code }) => code === 'INTERNAL'),
    [],
  )
}

interface BadAnswer extends Told {
  readonly name: string
  /** In place of the cluster's own answer, which has stored what the request holds when `take` is called. */
  readonly answer: (take: () => Reply) => Answer
  readonly lines?: Record<string, unknown>
}

const badAnswers: readonly BadAnswer[] = [
  {
    name: 'a page of HTML in place of JSON',
    answer: () => html,
    ...{ code: 'ENDPOINT_REFUSED', message: /200 \(OK\) with an HTML page \(Sign in\)/, hint: /path in endpoints.*proxy/ },
  },
  {
    name: 'a page of HTML with 403, of a firewall',
    answer: () => ({ ...html, status: 403 }),
    ...{ code: 'ENDPOINT_AUTH', message: /403 \(Forbidden\) with an HTML page/, hint: /right to write/ },
  },
  {
    name: 'access denied',
    answer: () => ({ status: 403, body: { error: { type: 'security_exception', reason: 'action [bulk] is unauthorized for user [x]' } } }),
    ...{ code: 'ENDPOINT_AUTH', message: /403.*unauthorized for user \[x\]/, hint: /right to write/ },
  },
  {
    name: 'an answer of which the connection brings one half',
    answer: (take) => ({ ...take(), ending: 'cut' }),
    ...{ code: 'ENDPOINT_CLOSED', message: /its answer was cut off/, hint: /proxy.*ends connections/ },
  },
  {
    name: 'half of an answer that says that it is whole',
    answer: (take) => ({ headers: { 'content-type': 'application/json' }, body: JSON.stringify(take().body).slice(0, -40) }),
    ...{ code: 'ENDPOINT_REFUSED', message: /with no JSON/, hint: /Is it Elasticsearch or OpenSearch/ },
  },
  {
    name: 'an answer for some of the documents',
    answer: (take) => {
      const { items } = take().body as { items: object[] }
      return { body: { took: 1, errors: true, items: items.slice(1) } }
    },
    ...{ code: 'ENDPOINT_REFUSED', message: /answered for \d+ of \d+ documents/, hint: /Is it Elasticsearch or OpenSearch/ },
  },
  {
    name: 'JSON of something else',
    answer: () => ({ body: { status: 'ok' } }),
    ...{ code: 'ENDPOINT_REFUSED', message: /something else than the answer to _bulk/, hint: /Is it Elasticsearch or OpenSearch/ },
  },
  {
    name: 'no answer',
    answer: (take) => {
      take()
      return 'hang'
    },
    lines: { request_timeout: '200ms' },
    ...{ code: 'ENDPOINT_CLOSED', message: /did not answer within 0\.2 s/, hint: /request_timeout/ },
  },
]

for (const { name, answer, lines, ...told } of badAnswers) {
  test(`Elasticsearch: ${name}`, async (t) => {
    const upstream = new Upstream(t)
    await upstream.server.listen()
    upstream.server.script = (request) => answer(() => upstream.take(request))
    const sink = { type: 'elasticsearch', endpoints: [`http://127.0.0.1:${upstream.server.port}`], retry: soon, ...lines } as SinkInput
    await recovers(t, sink, told, () => {
      upstream.server.script = (request) => upstream.take(request)
    })
    t.strictSame(
      upstream.texts,
      messages.map((_, i) => `message ${i}`),
      'each is there once',
    )
  })
}

test('Elasticsearch: a wrong password is mended in its file', async (t) => {
  const upstream = new Upstream(t)
  const password = join(t.testdir({}), 'password')
  writeFileSync(password, 'wrong\n', { mode: 0o600 })
  upstream.server.script = (request) => {
    if (request.headers.authorization === `Basic ${Buffer.from('relay:right').toString('base64')}`) return upstream.take(request)
    return { status: 401, body: { error: { type: 'security_exception', reason: 'unable to authenticate user [relay]' } } }
  }
  await upstream.server.listen()
  const endpoints = [`http://127.0.0.1:${upstream.server.port}`]
  const sink: SinkInput = { type: 'elasticsearch', endpoints, username: 'relay', password: { file: password }, retry: soon }
  const told: Told = { code: 'ENDPOINT_AUTH', message: /401.*unable to authenticate user \[relay\]/, hint: /user and password/ }
  await recovers(t, sink, told, () => writeFileSync(password, 'right\n'))
  t.equal(upstream.texts.length, messages.length)
  t.notMatch(JSON.stringify(upstream.texts), /wrong|right/)
})

const dayMs = 86_400_000
const ago = (days: number) => new Date(Date.now() - days * dayMs)

const badCertificates: readonly ({ readonly name: string; readonly wishes: CertificateWishes } & Told)[] = [
  {
    name: 'an expired certificate',
    wishes: { notBefore: ago(30), notAfter: ago(1) },
    ...{ code: 'ENDPOINT_TLS', message: /its certificate has expired/, hint: /replacing/ },
  },
  {
    name: 'a clock that is behind its certificate',
    wishes: { notBefore: ago(-1), notAfter: ago(-30) },
    ...{ code: 'ENDPOINT_TLS', message: /its certificate is not valid yet/, hint: /clock/ },
  },
  {
    name: 'a certificate for another name',
    wishes: { name: 'other.example.com' },
    ...{ code: 'ENDPOINT_TLS', message: /its certificate is for another name/, hint: /tls\.server_name/ },
  },
]

for (const { name, wishes, ...told } of badCertificates) {
  test(`Elasticsearch: ${name}`, async (t) => {
    const authority = await certificate({ name: 'authority', isAuthority: true })
    const caFile = join(t.testdir({ 'ca.pem': authority.cert }), 'ca.pem')
    const tls: ServerOptions = { ...(await certificate({ ...wishes, authority })) }
    const upstream = new Upstream(t, tls)
    await upstream.server.listen()
    const endpoints = [`https://127.0.0.1:${upstream.server.port}`]
    await recovers(t, { type: 'elasticsearch', endpoints, tls: { ca_file: caFile }, retry: soon }, told, async () => {
      await upstream.server.close()
      Object.assign(tls, await certificate({ authority }))
      await upstream.server.listen()
    })
    t.equal(upstream.texts.length, messages.length)
  })
}

test('HTTPS: a page of HTML is no receipt', async (t) => {
  const server = await new ScriptedHttpServer(() => html).listen()
  t.teardown(() => server.close())
  const taken: string[] = []
  const sink: SinkInput = { type: 'http', endpoints: [`http://127.0.0.1:${server.port}/logs`], encoding: 'lines', retry: soon }
  await recovers(t, sink, { code: 'ENDPOINT_REFUSED', message: /HTML page \(Sign in\)/, hint: /path in endpoints/ }, () => {
    server.script = ({ body }) => {
      taken.push(...body.toString().trimEnd().split('\n'))
      return {}
    }
  })
  t.strictSame(taken, messages)
})
