import { test } from 'tap'
import { RelayError } from '../../src/core/errors.ts'
import { numberedMessages, storedBatch } from '../support/sink-batches.ts'
import { fateOf } from '../support/sink-fate.ts'
import { holdAnswers, never, subject, syslogs } from '../support/sink-relp-endpoint.ts'
import { goodOpenAnswer, type RelpPeer } from '../support/sink-relp-server.ts'

test('flush waits for the acknowledgements and keeps the connection', async (t) => {
  const { server, sink } = await subject(t)
  holdAnswers(server)
  const outcome = await sink.send(storedBatch(numberedMessages(2)), never)
  await sink.flush(AbortSignal.abort())
  const flushing = sink.flush(never)
  let flushed = false
  void flushing.then(() => {
    flushed = true
  })
  await server.until(() => server.messages.length === 2)
  server.peers[0]?.answer(2)
  t.equal(flushed, false)
  server.peers[0]?.answer(3)
  await flushing
  t.same((await outcome.unsettled?.outcome)?.delivered, [[0, 1]])
  t.equal(sink.endpoints()[0]?.state, 'connected')
})

test('stop: what is acknowledged until the answer to close is delivered', async (t) => {
  const { server, sink } = await subject(t)
  server.script = ({ command, txnr }, peer) => {
    if (command === 'open') return goodOpenAnswer
    if (command === 'close') for (const open of syslogs(peer).filter((number) => number < txnr)) peer.answer(open)
    return command === 'close' ? '' : undefined
  }
  const outcome = await sink.send(storedBatch(numberedMessages(3)), never)
  await sink.stop(never)
  t.same(await outcome.unsettled?.outcome, { delivered: [[0, 2]], rejected: [] })
})

test('stop: a server that does not answer holds it up until the deadline', async (t) => {
  const { server, sink } = await subject(t)
  server.script = ({ command }) => (command === 'open' ? goodOpenAnswer : undefined)
  const outcome = await sink.send(storedBatch(numberedMessages(3)), never)
  const deadline = new AbortController()
  const stopping = sink.stop(deadline.signal)
  await server.until(() => server.peers[0]?.commands.at(-1)?.command === 'close')
  deadline.abort()
  await stopping
  t.match(await outcome.unsettled?.outcome, { delivered: [], retry: { error: { message: /was stopped/ } } })
})

test('giveUp: everything open comes back for that reason, from connections that are leaving too', async (t) => {
  const { server, sink, logger } = await subject(t, { max_connection_age: 0.001 })
  holdAnswers(server)
  const first = await sink.send(storedBatch(numberedMessages(2)), never)
  const second = await sink.send(storedBatch(numberedMessages(2), { seqs: [[2, 3]] }), never)
  await server.until(() => server.messages.length === 4)
  t.equal(server.peers.length, 2)
  const reason = new RelayError('ENDPOINT_CLOSED', 'it takes nothing for 30 s')
  sink.giveUp(reason)
  for (const outcome of [first, second]) t.equal((await outcome.unsettled?.outcome)?.retry?.error, reason)
  t.equal(sink.endpoints()[0]?.state, 'idle')
  t.match(logger.messages('warn'), [/takes nothing/])
})

test('giveUp while it connects, and while it writes', async (t) => {
  const reason = new RelayError('ENDPOINT_CLOSED', 'it takes nothing for 30 s')
  const { server, sink } = await subject(t)
  server.script = () => undefined
  const connecting = sink.send(storedBatch(['x']), never)
  await server.until(() => server.peers[0]?.commands.length === 1)
  sink.giveUp(reason)
  t.equal((await connecting).retry?.error, reason)
  holdAnswers(server)
  const writing = sink.send(storedBatch(numberedMessages(2000, 16_000)), never)
  await server.until(() => server.messages.length > 0)
  server.peers[1]?.socket.pause()
  sink.giveUp(reason)
  const outcome = await writing
  t.equal((await fateOf(sink, outcome)).retry?.error, reason)
})

test('max_connection_age: the next batch goes over another connection, and nothing is sent twice', async (t) => {
  const { server, sink, logger } = await subject(t, { max_connection_age: 0.001 })
  holdAnswers(server)
  const outcomes = []
  for (const seq of [0, 1, 2]) outcomes.push(await sink.send(storedBatch([`message ${seq}`], { seqs: [[seq, seq]] }), never))
  await server.until(() => server.messages.length === 3)
  t.same(
    server.peers.map((peer) => syslogs(peer).length),
    [1, 2],
    'one connection at a time waits for its answers',
  )
  const [old, young] = server.peers as [RelpPeer, RelpPeer]
  old.answer(2)
  await server.until(() => old.commands.at(-1)?.command === 'close')
  await server.until(() => old.socket.destroyed)
  young.answer(2)
  young.answer(3)
  for (const [seq, outcome] of outcomes.entries()) {
    t.same(await outcome.unsettled?.outcome, { delivered: [[seq, seq]], rejected: [] })
  }
  t.same(server.messages, ['message 0', 'message 1', 'message 2'])
  t.same(logger.messages('warn'), [])
})

test('a server that answers close with serverclose, as librelp does, is not told of', async (t) => {
  const { server, sink, logger } = await subject(t)
  await fateOf(sink, await sink.send(storedBatch(['x']), never))
  server.script = (_, { socket }) => void socket.end('0 serverclose 0\n3 rsp 0\n')
  await sink.stop(never)
  t.same([...logger.messages('warn'), ...logger.messages('debug')], [])
})

test('a server that takes leave with its answer to open: the next send connects anew', async (t) => {
  const { server, sink, logger } = await subject(t)
  const good = server.script
  server.script = ({ txnr }, { socket }) => {
    server.script = good
    socket.end(`${txnr} rsp ${goodOpenAnswer.length} ${goodOpenAnswer}\n0 serverclose 0\n`) // read at once
    return undefined
  }
  const first = await sink.send(storedBatch(['one']), never)
  t.match((await fateOf(sink, first)).retry?.error.message, /closes its connections/)
  t.equal(sink.endpoints()[0]?.state, 'idle')
  const second = await sink.send(storedBatch(['one']), never)
  t.same((await fateOf(sink, second)).delivered, [[0, 0]])
  t.equal(server.peers.length, 2)
  t.same(logger.messages('warn'), [])
})
