import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import type { Outcome } from '../../src/core/sink.ts'
import { SinkTurns } from '../../src/delivery/sink-turns.ts'
import { numberedMessages, storedBatch } from '../support/sink-batches.ts'
import { ScriptedSink } from '../support/sink-scripted.ts'
import { closed, never, retry } from './forwarding.ts'

const batch = (from: number, count = 1) => storedBatch(numberedMessages(count), { seqs: [[from, from + count - 1]] })
const firsts = (sink: ScriptedSink) => sink.sent.map(({ seqs }) => seqs[0]?.[0])

t.test('never more sends than the sink takes at a time; who waited longest is next', async (t) => {
  const sink = new ScriptedSink('a')
  const answers = [0, 1, 2, 3].map(() => Promise.withResolvers<Outcome>())
  sink.answers.push(...answers.map(({ promise }) => promise))
  const turns = new SinkTurns(sink, 2)
  const sends = [0, 1, 2, 3].map((from) => turns.send(batch(from), never))
  await turn()
  t.same(firsts(sink), [0, 1])
  answers[1]?.resolve({ delivered: [[1, 1]], rejected: [] })
  await sends[1]
  await turn()
  t.same(firsts(sink), [0, 1, 2])
  for (const { resolve } of answers) resolve({ delivered: [], rejected: [] })
  await Promise.all(sends)
  t.same(firsts(sink), [0, 1, 2, 3])
  t.same(await turns.send(batch(4), never), { delivered: [[4, 4]], rejected: [] }, 'every turn was given back')
})

t.test('an abort ends the wait for a turn, which goes to the next', async (t) => {
  const sink = new ScriptedSink('a')
  const held = Promise.withResolvers<Outcome>()
  sink.answers.push(held.promise)
  const turns = new SinkTurns(sink, 1)
  const first = turns.send(batch(0), never)
  const abort = new AbortController()
  const leaving = turns.send(batch(1), abort.signal)
  const last = turns.send(batch(2), never)
  abort.abort()
  t.match(await leaving, { delivered: [], retry: { error: { message: 'sending was stopped' } } })
  t.match(await turns.send(batch(3), AbortSignal.abort()), { delivered: [], retry: {} })
  held.resolve({ delivered: [[0, 0]], rejected: [] })
  await Promise.all([first, last])
  t.same(firsts(sink), [0, 2])
})

t.test('a sink that throws is to be tried again, and gives its turn back', async (t) => {
  const sink = new ScriptedSink('a')
  sink.answers.push(() => Promise.reject(closed))
  const turns = new SinkTurns(sink, 1)
  t.match(await turns.send(batch(0), never), { delivered: [], retry: { error: closed } })
  t.match(await turns.send(batch(0), never), { delivered: [[0, 0]] })
})

t.test('a send aside answers when the fate of all is known', async (t) => {
  const sink = new ScriptedSink('a')
  const fate = Promise.withResolvers<Outcome>()
  const open = { delivered: [[0, 0]], rejected: [], unsettled: { seqs: [[1, 2]], outcome: fate.promise } } as const
  sink.answers.push(open)
  const turns = new SinkTurns(sink, 1)
  const aside = turns.sendAside(batch(0, 3), never)
  await turns.send(batch(9), never) // The turn is free: only the fate is open.
  fate.resolve({ delivered: [[1, 1]], rejected: [], retry: retry().retry })
  t.match(await aside, {
    delivered: [
      [0, 0],
      [1, 1],
    ],
    rejected: [],
    retry: { error: closed },
  })

  const abort = new AbortController()
  sink.answers.push({ ...open, unsettled: { ...open.unsettled, outcome: new Promise(() => {}) } })
  const given = turns.sendAside(batch(0, 3), abort.signal)
  abort.abort()
  t.match(await given, { delivered: [[0, 0]], retry: { error: { message: 'sending was stopped' } } })
  sink.answers.push({ delivered: [], rejected: [] })
  t.match(await turns.sendAside(batch(5), never), { retry: { error: { code: 'INTERNAL' } } }, 'a message that it forgot is not delivered')
})
