import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'tap'
import type { Outcome } from '../../src/core/sink.ts'
import { balanced, batchOf, down, hold, leaveOpen, never, scripted, seqs } from './balancing.ts'

const all = (outcomes: readonly Outcome[]) => outcomes.flatMap(({ delivered }) => delivered.map(([from]) => from))

for (const balance of ['round_robin', 'least_loaded'] as const) {
  test(`${balance}: several batches at a time, one for each endpoint, and the next waits for a free one`, async (t) => {
    const [a, b] = scripted('a', 'b')
    const { sink } = balanced(balance, a, b)
    const atA = hold(a)
    const atB = hold(b)
    const sends = [0, 1, 2].map((at) => sink.send(batchOf(at), never))
    await turn()
    t.same([a.sent.map(seqs), b.sent.map(seqs)], [[[0]], [[1]]])
    t.same(
      sink.endpoints().map(({ unsettled }) => unsettled),
      [1, 1],
    )
    atB.deliver()
    await sends[2]
    t.same([a.sent.map(seqs), b.sent.map(seqs)], [[[0]], [[1], [2]]])
    atA.deliver()
    t.same(all(await Promise.all(sends)), [0, 1, 2])
  })
}

test('round robin: a slow endpoint is not waited for, and has its turn when it is free', async (t) => {
  const [slow, fast] = scripted('slow', 'fast')
  const { sink } = balanced('round_robin', slow, fast)
  const held = hold(slow)
  const first = sink.send(batchOf(0), never)
  for (let at = 1; at < 10; at++) await sink.send(batchOf(at), never)
  t.same([slow.sent.length, fast.sent.length], [1, 9])
  held.deliver()
  await first
  for (let at = 10; at < 14; at++) await sink.send(batchOf(at), never)
  t.same([slow.sent.length, fast.sent.length], [3, 11])
})

test('least loaded: what is unsettled counts', async (t) => {
  const [a, b] = scripted('a', 'b')
  const { sink } = balanced('least_loaded', a, b)
  const open = leaveOpen(a)
  const { unsettled } = await sink.send(batchOf(0, 5), never)
  leaveOpen(b)
  await sink.send(batchOf(5, 2), never)
  await sink.send(batchOf(7, 2), never)
  t.same([a.sent.length, b.sent.length], [1, 2], 'two are fewer than five')
  t.match(sink.endpoints(), [{ unsettled: 5 }, { unsettled: 2 }])
  open.read()
  await unsettled?.outcome
  await sink.send(batchOf(9), never)
  t.same([a.sent.length, b.sent.length], [2, 2])
  t.match(sink.endpoints(), [{ unsettled: 0 }, { unsettled: 2 }])
})

test('failover: a second send waits for the first endpoint, for the sake of order', async (t) => {
  const [a, b] = scripted('a', 'b')
  const { sink } = balanced('failover', a, b)
  const held = hold(a)
  const sends = [sink.send(batchOf(0), never), sink.send(batchOf(1), never)]
  await turn()
  held.deliver()
  await Promise.all(sends)
  t.same([a.sent.map(seqs), b.sent], [[[0], [1]], []])
})

test('those who wait are served in order', async (t) => {
  const [a, b] = scripted('a', 'b')
  const { sink } = balanced('round_robin', a, b)
  const [atA, atB] = [hold(a), hold(b)]
  const sends = [0, 1, 2, 3].map((at) => sink.send(batchOf(at), never))
  await turn()
  atB.deliver()
  atA.deliver()
  await Promise.all(sends)
  t.same(
    [a.sent.map(seqs), b.sent.map(seqs)],
    [
      [[0], [3]],
      [[1], [2]],
    ],
  )
})

test('a send that waits gets an endpoint as soon as its back-off is over', async (t) => {
  const [a, b] = scripted('a', 'b')
  const { sink, clock } = balanced('round_robin', a, b)
  const atB = hold(b)
  a.answers.push(down('a'))
  const sends = [sink.send(batchOf(0), never), sink.send(batchOf(1), never), sink.send(batchOf(2), never)]
  await turn()
  t.same([a.sent.length, b.sent.length], [1, 1], 'one waits for b, which has failed at a, and one for either')
  clock.pass(499)
  await turn()
  t.equal(a.sent.length, 1)
  clock.pass(1)
  await sends[2]
  t.same(a.sent.map(seqs), [[0], [2]])
  atB.deliver()
  t.same(all(await Promise.all(sends)).length, 3)
  t.match(sink.endpoints()[0], { state: 'connected' })
})

test('nor does it miss an endpoint that failed while it waited', async (t) => {
  const [a, b] = scripted('a', 'b')
  const { sink, clock } = balanced('round_robin', a, b)
  const atA = hold(a)
  hold(b)
  const [first] = [sink.send(batchOf(0, 2), never), sink.send(batchOf(2), never)]
  const waiting = sink.send(batchOf(3), never)
  await turn()
  const unsettled = { seqs: [[0, 0]], outcome: new Promise<Outcome>(() => {}) } as const
  atA.answer({ ...down('a'), unsettled })
  t.match(await first, { unsettled: { seqs: [[0, 0]] }, retry: { afterMs: 0 } })
  clock.pass(500)
  t.same((await waiting).delivered, [[3, 3]])
  t.same(a.sent.map(seqs), [[0, 1], [3]])
})

test('a send that waits does so no longer when the last endpoint fails', async (t) => {
  const [a, b] = scripted('a', 'b')
  const { sink } = balanced('round_robin', a, b)
  const [atA, atB] = [hold(a), hold(b)]
  const sends = [0, 1, 2].map((at) => sink.send(batchOf(at), never))
  await turn()
  atA.answer(down('a'))
  atB.answer(down('b'))
  for (const { delivered, retry } of await Promise.all(sends)) {
    t.same(delivered, [])
    t.match(retry, { error: { code: 'ENDPOINTS_BACKING_OFF' }, afterMs: 500 })
  }
  t.same([a.sent.length, b.sent.length], [1, 1])
})

test('the death of what was unsettled ends a wait for that endpoint', async (t) => {
  const [a, b] = scripted('a', 'b')
  const { sink, clock } = balanced('round_robin', a, b)
  const open = leaveOpen(a)
  const { unsettled } = await sink.send(batchOf(0), never)
  b.answers.push(down('b'))
  const atA = hold(a)
  const sends = [sink.send(batchOf(1), never), sink.send(batchOf(2), never)]
  await turn()
  open.lost(down('a'))
  t.match(await unsettled?.outcome, { retry: { error: { code: 'ENDPOINTS_BACKING_OFF' }, afterMs: 500 } })
  t.match(await sends[0], { delivered: [], retry: { afterMs: 500 } }, 'b had it, and it waited for a')
  atA.answer(down('a'))
  await sends[1]
  t.match(sink.endpoints(), [{ retryAtMs: clock.ms + 500 }, { retryAtMs: clock.ms + 500 }], 'one death is one failure')
})

test('an abort ends a wait at once, and is nobody’s failure', async (t) => {
  const [a, b] = scripted('a', 'b')
  const { sink } = balanced('round_robin', a, b)
  const [atA] = [hold(a), hold(b)]
  const sends = [0, 1].map((at) => sink.send(batchOf(at), never))
  const abort = new AbortController()
  const waiting = sink.send(batchOf(2), abort.signal)
  await turn()
  abort.abort()
  t.ok((await sink.send(batchOf(3), AbortSignal.abort())).retry, 'an aborted one does not wait at all')
  t.match(await waiting, { delivered: [], rejected: [], retry: { error: { message: 'sending was stopped' } } })
  atA.deliver()
  await sends[0]
  t.same((await sink.send(batchOf(3), never)).delivered, [[3, 3]], 'it has taken no endpoint with it')
  t.match(await sink.send(batchOf(4), AbortSignal.abort()), { delivered: [[4, 4]] }, 'where one is free it is asked')
  t.match(sink.endpoints(), [{ state: 'connected' }, { state: 'connected' }])
})

test('an endpoint that throws is free again', async (t) => {
  const [a, b] = scripted('a', 'b')
  const { sink, clock } = balanced('round_robin', a, b)
  a.answers.push(async () => Promise.reject(new Error('boom')))
  t.same((await sink.send(batchOf(0), never)).delivered, [[0, 0]])
  t.match(sink.endpoints()[0], { state: 'backing_off', error: { message: 'boom' } })
  clock.pass(500)
  await sink.send(batchOf(1), never)
  await sink.send(batchOf(2), never)
  t.equal(a.sent.length, 2)
})
