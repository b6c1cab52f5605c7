import { writeFileSync } from 'node:fs'
import { test } from 'tap'
import type { SyslogSinkConfig } from '../../src/config/schema.ts'
import { RelayError } from '../../src/core/errors.ts'
import { bindTcpState } from '../../src/native/tcp-state.ts'
import { SyslogStreamEndpoint } from '../../src/sinks/syslog-stream-endpoint.ts'
import { sinkConformance } from '../conformance/sink-conformance.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { checkOutcome, numberedMessages, seqsOf, storedBatch } from '../support/sink-batches.ts'
import { certificate } from '../support/sink-certificates.ts'
import { fateOf } from '../support/sink-fate.ts'
import { countedMessages, lines, StreamReceiver } from '../support/sink-receiver.ts'

const never = new AbortController().signal
const tls: SyslogSinkConfig['tls'] = { verify: true, min_version: 'TLSv1.2' }
const readTcpState = bindTcpState()
const options = {
  framing: 'octet-counting',
  line_feeds: 'escape',
  tls,
  connect_timeout: 10_000,
  max_unsettled_bytes: 2 ** 27,
  max_connection_age: 0,
} as const

for (const scheme of ['tcp', 'tls'] as const) {
  for (const framing of ['octet-counting', 'newline'] as const) {
    sinkConformance(`${scheme} with ${framing}`, async (t, format) => {
      const pair = scheme === 'tls' ? await certificate() : undefined
      const caFile = pair && t.testdir({ 'ca.pem': pair.cert }).concat('/ca.pem')
      const receiver = new StreamReceiver(pair)
      await receiver.listen()
      t.teardown(() => receiver.close())
      const messagesOf = framing === 'newline' ? lines : countedMessages
      const endpoint = { scheme, host: '127.0.0.1', port: receiver.port }
      const logger = new RecordingLogger()
      return {
        sink: new SyslogStreamEndpoint(
          endpoint,
          { ...options, framing, tls: { ...tls, ca_file: caFile } },
          { format, logger, readTcpState },
        ),
        received: async (atLeast) => {
          await receiver.until(() => messagesOf(receiver.bytes).length >= atLeast)
          return messagesOf(receiver.bytes)
        },
        break: () => receiver.close(),
        repair: () => receiver.listen(),
        stall: () => {
          receiver.paused = true
        },
      }
    })
  }
}

test('a peer that dies in the middle of a batch', async (t) => {
  const receiver = new StreamReceiver()
  receiver.resetAfterBytes = 600_000
  await receiver.listen()
  t.teardown(() => receiver.close())
  const sink = new SyslogStreamEndpoint({ scheme: 'tcp', host: '127.0.0.1', port: receiver.port }, options, {
    format: 'raw',
    readTcpState,
    logger: new RecordingLogger(),
  })
  // Far more than the kernels on both sides hold, so that the reset finds slices not yet handed over.
  const batch = storedBatch(numberedMessages(8000, 4000), { lying: 'octet-counting' })
  const outcome = await fateOf(sink, await sink.send(batch, never))
  checkOutcome(t, batch, outcome)
  t.equal(outcome.retry?.error.code, 'ENDPOINT_CLOSED')
  const delivered = seqsOf(outcome.delivered)
  const read = countedMessages(receiver.bytes).length
  t.ok(delivered.length <= read, `no more is delivered than was read: ${delivered.length} of ${read}`)
  t.same(delivered, [...delivered.keys()], 'it is the beginning of the batch')
  await sink.stop(never)
})

test('a peer that closes an idle connection is noticed at once, and said once', async (t) => {
  const receiver = new StreamReceiver()
  await receiver.listen()
  t.teardown(() => receiver.close())
  const logger = new RecordingLogger()
  const sink = new SyslogStreamEndpoint({ scheme: 'tcp', host: '127.0.0.1', port: receiver.port }, options, {
    format: 'raw',
    readTcpState,
    logger,
  })
  t.teardown(() => sink.stop(never))
  const send = async () => sink.send(storedBatch(['hello']), never)
  await send()
  t.equal(sink.endpoints()[0]?.state, 'connected')
  await receiver.until(() => receiver.bytes.length > 0)
  receiver.connections[0]?.socket.end()
  await receiver.until(() => receiver.connections[0]?.socket.destroyed === true)
  t.match(sink.endpoints()[0], { state: 'idle', error: { code: 'ENDPOINT_CLOSED' } })
  t.match(logger.messages('warn'), [/lost: closed by the peer/])
  t.same((await fateOf(sink, await send())).delivered, [[0, 0]], 'the next send connects again')
  await receiver.until(() => receiver.connections.length === 2 && receiver.bytes.length === 14)
  t.match(logger.messages('info'), [/works again after 0 s/])
  await receiver.close()
  await send()
  await send()
  t.equal(logger.messages('warn').filter((line) => line.includes('refused')).length, 1, 'a failing period is one warning')
})

test('what stands between the relay and its endpoint, in words', async (t) => {
  const authority = await certificate({ name: 'authority', isAuthority: true })
  const stranger = await certificate({ name: 'stranger', isAuthority: true })
  const good = await certificate({ authority })
  const expired = await certificate({ authority, notBefore: new Date('2020-01-01'), notAfter: new Date('2021-01-01') })
  const elsewhere = await certificate({ authority, name: 'elsewhere.example' })
  const dir = t.testdir({ 'ca.pem': authority.cert, 'junk.pem': 'junk', 'cert.pem': stranger.cert, 'key.pem': stranger.key })
  const known = { ...tls, ca_file: `${dir}/ca.pem` }
  const mutual = { requestCert: true, ca: authority.cert }
  const cases = [
    { what: 'expired', server: expired, tls: known, code: 'ENDPOINT_TLS', words: 'its certificate has expired' },
    { what: 'name', server: elsewhere, tls: known, code: 'ENDPOINT_TLS', words: 'its certificate is for another name' },
    { what: 'authority', server: good, tls, code: 'ENDPOINT_TLS', words: 'unknown authority' },
    { what: 'no TLS', server: undefined, tls: known, code: 'ENDPOINT_TLS', words: 'timed out', connect_timeout: 100 },
    {
      what: 'client certificate',
      server: { ...good, ...mutual },
      tls: known,
      code: 'ENDPOINT_TLS',
      words: 'it demands a client certificate',
    },
    {
      what: 'strange client certificate',
      server: { ...good, ...mutual },
      tls: { ...known, cert_file: `${dir}/cert.pem`, key_file: `${dir}/key.pem` },
      code: 'ENDPOINT_TLS',
      words: 'closed by the peer during the TLS handshake',
    },
    {
      what: 'version',
      server: { ...good, maxVersion: 'TLSv1.2' as const },
      tls: { ...known, min_version: 'TLSv1.3' as const },
      code: 'ENDPOINT_TLS',
      words: 'TLS version',
    },
    { what: 'CA file missing', server: good, tls: { ...tls, ca_file: `${dir}/none.pem` }, code: 'TLS_MATERIAL', words: 'none.pem' },
    {
      what: 'key is junk',
      server: good,
      tls: { ...tls, cert_file: `${dir}/junk.pem`, key_file: `${dir}/junk.pem` },
      code: 'TLS_MATERIAL',
      words: 'junk.pem',
    },
  ]
  for (const { what, server, code, words, ...different } of cases) {
    await t.test(what, async (t) => {
      const receiver = new StreamReceiver(server)
      await receiver.listen()
      t.teardown(() => receiver.close())
      const endpoint = { scheme: 'tls', host: '127.0.0.1', port: receiver.port } as const
      const sink = new SyslogStreamEndpoint(
        endpoint,
        { ...options, ...different },
        { format: 'raw', readTcpState, logger: new RecordingLogger() },
      )
      const batch = storedBatch(['secret'])
      const outcome = await sink.send(batch, never)
      checkOutcome(t, batch, outcome)
      t.equal(outcome.retry?.error.code, code)
      t.match(outcome.retry?.error.message, words)
      t.same(outcome.delivered, [])
      t.equal(receiver.bytes.includes('secret') && code === 'ENDPOINT_TLS', false, 'it was told nothing')
      if (code === 'TLS_MATERIAL') await t.rejects(sink.start(), { code })
      await sink.stop(never)
    })
  }
})

test('unreachable endpoints, in words', async (t) => {
  const receiver = new StreamReceiver()
  await receiver.listen()
  await receiver.close()
  const cases = [
    { host: '127.0.0.1', port: receiver.port, words: `cannot connect to tcp://127.0.0.1:${receiver.port}: refused` },
    {
      host: 'nowhere.invalid',
      port: 601,
      words: /cannot connect to tcp:\/\/nowhere.invalid:601: (name not found|the name server did not answer)/,
    },
  ]
  for (const { words, ...place } of cases) {
    const sink = new SyslogStreamEndpoint({ scheme: 'tcp', ...place }, options, {
      format: 'raw',
      readTcpState,
      logger: new RecordingLogger(),
    })
    const { retry } = await sink.send(storedBatch(['x']), never)
    t.equal(retry?.error.code, 'ENDPOINT_UNREACHABLE')
    t.match(retry?.error.message, words)
    t.ok(retry?.error.hint, 'with what to do')
  }
})

test('TLS as configured: a client certificate, a name of its own, files renewed without a restart, no verification', async (t) => {
  const authority = await certificate({ name: 'authority', isAuthority: true })
  const other = await certificate({ name: 'other authority', isAuthority: true })
  const server = await certificate({ authority, name: 'siem.example' })
  const client = await certificate({ authority, name: 'relay.example' })
  const dir = t.testdir({ 'ca.pem': other.cert, 'cert.pem': client.cert, 'key.pem': client.key })
  const receiver = new StreamReceiver({ ...server, requestCert: true, ca: authority.cert })
  await receiver.listen()
  t.teardown(() => receiver.close())
  const endpoint = { scheme: 'tls', host: '127.0.0.1', port: receiver.port } as const
  const files = { ca_file: `${dir}/ca.pem`, cert_file: `${dir}/cert.pem`, key_file: `${dir}/key.pem` }
  const make = (different: Partial<SyslogSinkConfig['tls']>) => {
    const sink = new SyslogStreamEndpoint(
      endpoint,
      { ...options, tls: { ...tls, ...files, ...different } },
      { format: 'raw', readTcpState, logger: new RecordingLogger() },
    )
    t.teardown(() => sink.stop(never))
    return sink
  }
  const verifying = make({ server_name: 'siem.example' })
  t.equal((await verifying.send(storedBatch(['one']), never)).retry?.error.code, 'ENDPOINT_TLS', 'signed by another authority')
  writeFileSync(`${dir}/ca.pem`, authority.cert)
  t.same((await fateOf(verifying, await verifying.send(storedBatch(['one']), never))).delivered, [[0, 0]], 'the new file is used')
  const trusting = make({ verify: false })
  t.same((await fateOf(trusting, await trusting.send(storedBatch(['two']), never))).delivered, [[0, 0]])
  await receiver.until(() => countedMessages(receiver.bytes).length === 2)
  t.same(countedMessages(receiver.bytes), ['one', 'two'])
})

test('giveUp: what is open comes back for that reason, from connections that are leaving too', async (t) => {
  const receiver = new StreamReceiver()
  receiver.paused = true
  await receiver.listen()
  t.teardown(() => receiver.close())
  const endpoint = { scheme: 'tcp', host: '127.0.0.1', port: receiver.port } as const
  const sink = new SyslogStreamEndpoint(endpoint, options, { format: 'raw', readTcpState, logger: new RecordingLogger() })
  t.teardown(() => sink.stop(never))
  const left = await sink.send(storedBatch(['left']), never)
  await sink.flush(AbortSignal.abort())
  const open = await sink.send(storedBatch(['open']), never)
  const writing = sink.send(storedBatch(numberedMessages(2000, 16_000)), never)
  await receiver.until(() => receiver.connections.length === 2)
  const reason = new RelayError('ENDPOINT_CLOSED', 'it takes nothing for 30 s')
  sink.giveUp(reason)
  const answer = await writing
  t.equal(answer.retry?.error, reason)
  for (const { unsettled } of [left, open, answer]) t.match(await unsettled?.outcome, { delivered: [], retry: { error: reason } })
  t.equal(sink.endpoints()[0]?.state, 'idle')
  const connecting = sink.send(storedBatch(['connecting']), never)
  sink.giveUp(reason)
  t.equal((await connecting).retry?.error, reason)
})

for (const scheme of ['tcp', 'tls'] as const) {
  test(`${scheme}: max_connection_age: the next batch goes over another connection, and nothing is sent twice`, async (t) => {
    const pair = scheme === 'tls' ? await certificate() : undefined
    const receiver = new StreamReceiver(pair)
    await receiver.listen()
    t.teardown(() => receiver.close())
    const logger = new RecordingLogger()
    const sink = new SyslogStreamEndpoint(
      { scheme, host: '127.0.0.1', port: receiver.port },
      { ...options, tls: { ...tls, verify: false }, max_connection_age: 0.001 },
      { format: 'raw', readTcpState, logger },
    )
    t.teardown(() => sink.stop(never))
    const send = (seq: number) => sink.send(storedBatch([`message ${seq}`], { seqs: [[seq, seq]] }), never)
    const open = await send(0)
    const idle = await send(1)
    // The first was left with a message open on it: its end comes behind the message, and settles it.
    t.same(await open.unsettled?.outcome, { delivered: [[0, 0]], rejected: [] })
    await receiver.until(() => receiver.connections[0]?.socket.destroyed === true)
    t.same(await idle.unsettled?.outcome, { delivered: [[1, 1]], rejected: [] })
    // On the second nothing is open any more.
    t.same((await fateOf(sink, await send(2))).delivered, [[2, 2]])
    await receiver.until(() => receiver.connections[1]?.socket.destroyed === true)
    t.same(
      receiver.connections.map(({ bytes }) => countedMessages(bytes)),
      [['message 0'], ['message 1'], ['message 2']],
    )
    t.same(logger.messages('warn'), [])
  })
}
