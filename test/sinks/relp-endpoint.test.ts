import { test } from 'tap'
import { RelpEndpoint } from '../../src/sinks/relp-endpoint.ts'
import type { FormatMessage } from '../../src/syslog/formatter.ts'
import { sinkConformance } from '../conformance/sink-conformance.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { checkOutcome, numberedMessages, seqsOf, storedBatch } from '../support/sink-batches.ts'
import { certificate } from '../support/sink-certificates.ts'
import { fateOf } from '../support/sink-fate.ts'
import { holdAnswers, never, options, subject, syslogs, tls } from '../support/sink-relp-endpoint.ts'
import { goodOpenAnswer, type RelpPeer, RelpServer } from '../support/sink-relp-server.ts'

for (const scheme of ['relp', 'relps'] as const) {
  sinkConformance(scheme, async (t, format) => {
    const pair = scheme === 'relps' ? await certificate() : undefined
    const server = new RelpServer(pair)
    await server.listen()
    t.teardown(() => server.close())
    const caFile = pair && t.testdir({ 'ca.pem': pair.cert }).concat('/ca.pem')
    const endpoint = { scheme, host: '127.0.0.1', port: server.port }
    return {
      sink: new RelpEndpoint(endpoint, { ...options, tls: { ...tls, ca_file: caFile } }, { format, logger: new RecordingLogger() }),
      received: async (atLeast) => {
        await server.until(() => server.messages.length >= atLeast)
        return server.messages
      },
      break: () => server.close(),
      repair: () => server.listen(),
      stall: () => {
        server.script = ({ command }) => (command === 'open' ? goodOpenAnswer : undefined)
      },
    }
  })
}

test('what is said on a connection: open with offers, the messages, close', async (t) => {
  const { server, sink } = await subject(t)
  t.equal(sink.endpoints()[0]?.state, 'idle')
  await fateOf(sink, await sink.send(storedBatch(['<13>one', '<13>two\nlines']), never))
  t.equal(sink.endpoints()[0]?.state, 'connected')
  await sink.stop(never)
  t.same(server.peers[0]?.commands, [
    { txnr: 1, command: 'open', data: 'relp_version=0\nrelp_software=logrelay\ncommands=syslog' },
    { txnr: 2, command: 'syslog', data: '<13>one' },
    { txnr: 3, command: 'syslog', data: '<13>two\nlines' },
    { txnr: 4, command: 'close', data: '' },
  ])
})

test('send answers when the bytes are written, and the outcome comes with the last acknowledgement, in whatever order they come', async (t) => {
  const { server, sink } = await subject(t)
  holdAnswers(server)
  const batch = storedBatch(numberedMessages(5), { seqs: [[10, 14]] })
  const { delivered, unsettled, retry } = await sink.send(batch, never)
  t.same([delivered, unsettled?.seqs, retry], [[], [[10, 14]], undefined])
  const second = await sink.send(storedBatch(numberedMessages(2), { seqs: [[20, 21]] }), never)
  await server.until(() => server.messages.length === 7)
  const peer = server.peers[0] as RelpPeer
  for (const txnr of [8, 4, 7]) peer.answer(txnr)
  t.same(await second.unsettled?.outcome, { delivered: [[20, 21]], rejected: [] }, 'a later batch may be known first')
  for (const txnr of [6, 2, 5, 3]) peer.answer(txnr)
  t.same(await unsettled?.outcome, { delivered: [[10, 14]], rejected: [] })
})

test('a connection that dies: exactly what was acknowledged is delivered', async (t) => {
  const unformattable: FormatMessage = ({ bytes }) => {
    if (bytes.includes('message 3 ')) throw new Error('cannot be formatted')
    return bytes
  }
  const { server, sink, logger } = await subject(t, {}, unformattable)
  holdAnswers(server)
  const batch = storedBatch(numberedMessages(8), { seqs: [[10, 17]] })
  const outcome = await sink.send(batch, never)
  t.same(
    outcome.rejected.map(({ seqs }) => seqs),
    [[13, 13]],
  )
  await server.until(() => server.messages.length === 7)
  const peer = server.peers[0] as RelpPeer
  // Messages 10, 12 and, without a number for 13, 14 and 16.
  for (const txnr of [7, 2, 4, 5]) peer.answer(txnr)
  peer.socket.end()
  const fate = await fateOf(sink, outcome)
  checkOutcome(t, batch, fate)
  t.same(seqsOf(fate.delivered), [10, 12, 14, 16])
  t.equal(fate.retry?.error.code, 'ENDPOINT_CLOSED')
  t.equal(fate.retry?.afterMs, undefined)
  t.match(logger.messages('warn'), [/lost: closed by the peer/])
})

test('an answer that is not 200: the connection is given up, and what the server said is told', async (t) => {
  const { server, sink, logger } = await subject(t)
  holdAnswers(server)
  const batch = storedBatch(numberedMessages(4))
  const outcome = await sink.send(batch, never)
  await server.until(() => server.messages.length === 4)
  const peer = server.peers[0] as RelpPeer
  peer.answer(2)
  peer.answer(3, '500 disk full')
  peer.answer(4)
  const fate = await fateOf(sink, outcome)
  checkOutcome(t, batch, fate)
  t.same([fate.delivered, fate.rejected], [[[0, 0]], []], 'it is no dead letter')
  t.match(fate.retry?.error.message, 'refused a message: "500 disk full"')
  t.equal(fate.retry?.afterMs, undefined, 'with back-off')
  t.match(logger.messages('warn'), [/refused a message/])
  await server.until(() => peer.socket.destroyed)
})

test('serverclose: the rest is sent again at once, and nobody is alarmed', async (t) => {
  const { server, sink, logger } = await subject(t)
  holdAnswers(server)
  const batch = storedBatch(numberedMessages(3))
  const outcome = await sink.send(batch, never)
  await server.until(() => server.messages.length === 3)
  server.peers[0]?.answer(2)
  server.peers[0]?.socket.end('0 serverclose 0\n')
  const fate = await fateOf(sink, outcome)
  checkOutcome(t, batch, fate)
  t.same(fate.delivered, [[0, 0]])
  t.equal(fate.retry?.afterMs, 0)
  t.equal(sink.endpoints()[0]?.state, 'idle')
  t.same([...logger.messages('warn'), ...logger.messages('error')], [])
  const again = await sink.send(storedBatch(numberedMessages(3).slice(1)), never)
  await server.until(() => server.messages.length === 5)
  t.equal(server.peers.length, 2, 'the next send connects anew')
  server.peers[1]?.socket.end('0 serverclose 0\n')
  t.equal((await fateOf(sink, again)).retry?.afterMs, undefined, 'a server that takes nothing and leaves is not asked again and again')
})

test('what no server may say', async (t) => {
  const cases: [string, string | RegExp][] = [
    ['HTTP/1.1 400 Bad Request\r\n', /sent what is no RELP: a transaction number was expected where "HTTP/],
    ['99 rsp 6 200 OK\n', 'answered for transaction 99, which is not open'],
    ['0 rsp 6 200 OK\n', 'answered for transaction 0, which is not open'],
    ['2 rsp 6 200 OK\n2 rsp 6 200 OK\n', 'answered for transaction 2, which is not open'],
    ['5 syslog 1 x\n', 'sent the command syslog, which no server may'],
  ]
  for (const [said, words] of cases) {
    const { server, sink } = await subject(t)
    holdAnswers(server)
    const outcome = await sink.send(storedBatch(numberedMessages(2)), never)
    await server.until(() => server.messages.length === 2)
    server.peers[0]?.socket.write(said)
    const { retry } = await fateOf(sink, outcome)
    t.equal(retry?.error.code, 'ENDPOINT_CLOSED', said)
    t.match(retry?.error.message, words)
  }
})

test('a hint that is not known is passed over', async (t) => {
  const { server, sink } = await subject(t)
  server.script = ({ command }, { socket }) => {
    if (command === 'open') return goodOpenAnswer
    socket.write('0 hello 3 abc\n')
    return '200 OK'
  }
  t.same((await fateOf(sink, await sink.send(storedBatch(['x']), never))).delivered, [[0, 0]])
})

test('what answers is no RELP server, or none for us', async (t) => {
  const hint = /Is it a RELP server\?/
  const cases: [what: string, (peer: RelpPeer) => string | undefined, words: string | RegExp, connectTimeoutMs?: number][] = [
    ['silence', () => undefined, 'it does not answer to open', 50],
    ['another protocol', (peer) => void peer.socket.write('SSH-2.0-OpenSSH_9.2\r\n'), 'sent what is no RELP'],
    ['hanging up', (peer) => void peer.socket.end(), 'closed by the peer'],
    ['refusal', () => '500 error 10001 on connect', 'it answered open with "500 error 10001 on connect"'],
    ['no status', () => '', 'it answered open with ""'],
    ['no version', () => '200 OK\ncommands=syslog', 'its answer to open has no relp_version'],
    ['no syslog', () => '200 OK\nrelp_version=0\ncommands=eventlog', 'it does not offer the command syslog'],
  ]
  for (const [what, script, words, connect_timeout = 10_000] of cases) {
    const { server, sink, logger } = await subject(t, { connect_timeout })
    server.script = (_, peer) => script(peer)
    const batch = storedBatch(['secret'])
    const outcome = await sink.send(batch, never)
    checkOutcome(t, batch, outcome)
    t.equal(outcome.retry?.error.code, 'ENDPOINT_UNREACHABLE', what)
    t.match(outcome.retry?.error.message, words)
    t.match(outcome.retry?.error.hint, hint)
    t.equal(logger.messages('warn').length, 1)
    t.same(server.messages, [], 'it was told nothing')
  }
})

test('a server that leaves before it has opened gets another chance later', async (t) => {
  const { server, sink } = await subject(t)
  server.script = (_, { socket }) => void socket.end('0 serverclose 0\n')
  const { retry } = await sink.send(storedBatch(['x']), never)
  t.match(retry, { error: { code: 'ENDPOINT_CLOSED' }, afterMs: undefined })
})

test('max_unsettled_bytes holds back what comes next', async (t) => {
  const { server, sink } = await subject(t, { max_unsettled_bytes: 20_000 })
  holdAnswers(server)
  const batch = storedBatch(numberedMessages(100, 1000))
  const sending = sink.send(batch, never)
  await server.until(() => server.messages.length > 0)
  const peer = server.peers[0] as RelpPeer
  let most = 0
  let answered = 0
  while (answered < 100) {
    await server.until(() => syslogs(peer).length > answered)
    const open = syslogs(peer).slice(answered)
    most = Math.max(most, open.length)
    for (const txnr of open) peer.answer(txnr)
    answered += open.length
  }
  t.ok(most <= 40, `never more than two slices of 20,000 bytes: ${most} messages`)
  t.same((await fateOf(sink, await sending)).delivered, [[0, 99]])
})
