import fc from 'fast-check'
import type { Test } from 'tap'
import type { SeqRange } from '../../src/core/batch.ts'
import { RelayError } from '../../src/core/errors.ts'
import type { Lease, Queue } from '../../src/core/queue.ts'
import { batchOf, deadline, drain, imbalance, never, take, textsOf } from '../queue/queue-fixtures.ts'

export interface QueueMaker {
  /** A queue on the same data as before, or on none; not started. */
  make(sinks: readonly string[]): Queue
}

/** What every Queue does. `fresh` gives a maker with nothing stored. */
export async function queueConformance(t: Test, fresh: (t: Test) => QueueMaker): Promise<void> {
  await t.test('messages come out as they went in, once stored', async (t) => {
    const queue = await started(t, fresh(t))
    await take(queue, batchOf(['one', 'two'])).stored
    const lease = await leaseOf(queue)
    t.same(textsOf(lease.batch), ['one', 'two'])
    t.same(lease.batch.seqs, [[0, 1]])
    t.same(lease.batch.origins, [{ peer: '192.0.2.1', port: 5514, transport: 'tcp' }])
    t.equal(lease.batch.queueId, queue.status().queueId)
  })

  await t.test('each sink gets every message, and an empty queue waits', async (t) => {
    const queue = await started(t, fresh(t), ['a', 'b'])
    const waiting = queue.reader('a').lease(1000, never)
    await take(queue, batchOf(['one'])).durable()
    t.same(textsOf((await waiting)?.batch ?? batchOf(['nothing'])), ['one'])
    t.same(await drain(queue, 'b'), ['one'])
  })

  await t.test('an abort ends a wait for messages and a wait for room', async (t) => {
    const queue = await started(t, fresh(t))
    const abort = new AbortController()
    const waiting = queue.reader('a').lease(1000, abort.signal)
    abort.abort()
    t.equal(await waiting, undefined)
    await queue.stop(deadline())
    await queue.room(abort.signal)
    t.equal(queue.append(batchOf(['late'])), 'full')
    t.equal(await queue.reader('a').lease(1000, never), undefined)
  })

  await t.test('what is released unsettled comes again, before newer messages', async (t) => {
    const queue = await started(t, fresh(t))
    await take(queue, batchOf(['one', 'two', 'three'])).stored
    const lease = await leaseOf(queue)
    await take(queue, batchOf(['four'])).stored
    await lease.settle([[1, 1]], [])
    lease.release()
    const again = await leaseOf(queue)
    t.same(textsOf(again.batch), ['one', 'three'])
    t.same(again.batch.seqs, [
      [0, 0],
      [2, 2],
    ])
    t.same(textsOf((await leaseOf(queue)).batch), ['four'])
  })

  await t.test('leases settle in any order; the cursor is the lowest gap', async (t) => {
    const queue = await started(t, fresh(t))
    await take(queue, batchOf(['one'])).stored
    const first = await leaseOf(queue)
    await take(queue, batchOf(['two'])).stored
    const second = await leaseOf(queue)
    await second.settle(second.batch.seqs, [])
    t.same(queue.status().cursors, { a: 0 })
    await first.settle(first.batch.seqs, [])
    t.same(queue.status().cursors, { a: 2 })
    t.same(queue.ledger().sinks.a, { received: 2, delivered: 2, rejected: 0, queued: 0, dropped: {} })
  })

  await t.test('settling twice, and messages that were not leased, changes nothing', async (t) => {
    const queue = await started(t, fresh(t))
    await take(queue, batchOf(['one', 'two'])).stored
    const lease = await leaseOf(queue)
    await lease.settle([[0, 0]], [])
    await lease.settle([[0, 0]], [{ seqs: [0, 0], error: new RelayError('MESSAGE_TOO_LARGE', 'no') }])
    await lease.settle([[2, 1000]], [])
    t.same(queue.ledger().sinks.a, { received: 2, delivered: 1, rejected: 0, queued: 1, dropped: {} })
    lease.release()
    await lease.settle([[1, 1]], [])
    t.equal(queue.ledger().sinks.a?.queued, 1, 'a released lease settles nothing')
  })

  await t.test('rejected messages are counted and kept as dead letters', async (t) => {
    const queue = await started(t, fresh(t))
    await take(queue, batchOf(['good', 'bad', 'good'])).stored
    const lease = await leaseOf(queue)
    await lease.settle(
      [
        [0, 0],
        [2, 2],
      ],
      [{ seqs: [1, 1], error: new RelayError('MESSAGE_TOO_LARGE', 'too large') }],
    )
    t.same(queue.ledger().sinks.a, { received: 3, delivered: 2, rejected: 1, queued: 0, dropped: {} })
    t.same(queue.status().deadLetters, { a: 1 })
  })

  await t.test('drops count as received and as dropped, for every sink', async (t) => {
    const maker = fresh(t)
    const queue = await started(t, maker)
    queue.drop('kernel', 'udp', 7)
    const books = { received: { udp: 7, tcp: 0, tls: 0 }, dropped: { kernel: 7 } }
    const sinks = { a: { received: 7, delivered: 0, rejected: 0, queued: 0, dropped: { kernel: 7 } } }
    t.same(queue.ledger(), { ...books, sinks })
    await queue.stop(deadline())
    t.same((await started(t, maker)).ledger(), { ...books, sinks })
  })

  await t.test('a checkpoint is there with its batch, and after a restart', async (t) => {
    const maker = fresh(t)
    const queue = await started(t, maker)
    t.equal(await queue.checkpoint('bucket'), undefined)
    const receipt = queue.append(batchOf(['one']), { checkpoint: { key: 'bucket', value: Buffer.from('object-1') } })
    if (receipt !== 'full') await receipt.durable()
    t.same(await queue.checkpoint('bucket'), Buffer.from('object-1'))
    await queue.stop(deadline())
    t.same(await (await started(t, maker)).checkpoint('bucket'), Buffer.from('object-1'))
  })

  await t.test('a restart goes on where the last life ended; a new sink begins at the head, one taken out is let go', async (t) => {
    const maker = fresh(t)
    const queue = await started(t, maker, ['a', 'gone'])
    await take(queue, batchOf(['one', 'two'])).stored
    const lease = await leaseOf(queue)
    await lease.settle([[0, 0]], [])
    const { queueId } = queue.status()
    await queue.stop(deadline())
    const again = await started(t, maker, ['a', 'new'])
    t.equal(again.status().queueId, queueId)
    again.adopt()
    t.same(again.status().cursors, { a: 1, new: 2 })
    await take(again, batchOf(['three'])).stored
    t.same(await drain(again, 'new'), ['three'])
    t.same(await drain(again, 'a'), ['two', 'three'])
    t.same(again.ledger().sinks.new, { received: 1, delivered: 1, rejected: 0, queued: 0, dropped: {} })
    t.same(imbalance(again.ledger()), [])
  })

  await t.test('what waits for a sink is kept until a configuration without it is adopted, and gone for good then', async (t) => {
    const maker = fresh(t)
    const queue = await started(t, maker, ['a', 'dead'])
    await take(queue, batchOf(['one', 'two'])).stored
    await drain(queue, 'a')
    await queue.stop(deadline())
    const refused = await started(t, maker, ['a'])
    await take(refused, batchOf(['three'])).stored
    await drain(refused, 'a')
    await refused.stop(deadline())
    const again = await started(t, maker, ['a', 'dead'])
    again.adopt()
    t.same(await drain(again, 'dead'), ['one', 'two', 'three'])
    t.same(imbalance(again.ledger()), [])
    await take(again, batchOf(['four'])).stored
    await again.stop(deadline())
    const without = await started(t, maker, ['a'])
    without.adopt()
    await without.stop(deadline())
    const back = await started(t, maker, ['a', 'dead'])
    t.equal(back.ledger().sinks.dead?.queued, 0)
  })

  await t.test('browsing shows what waits and disturbs nothing', async (t) => {
    const queue = await started(t, fresh(t))
    for (const text of ['one', 'two', 'three']) await take(queue, batchOf([text])).stored
    const lease = await queue.reader('a').lease(1, never)
    await lease?.settle([[0, 0]], [])
    const seen: string[] = []
    for await (const batch of queue.browse(0, never)) seen.push(...textsOf(batch))
    t.same(seen, ['two', 'three'])
    const later: string[] = []
    for await (const batch of queue.browse(2, never)) later.push(...textsOf(batch))
    t.same(later, ['three'])
    t.same(await drain(queue, 'a'), ['two', 'three'])
  })

  await t.test('stop can be called twice, and before start', async (t) => {
    const maker = fresh(t)
    const unused = maker.make(['a'])
    await unused.stop(deadline())
    const queue = await started(t, maker)
    await Promise.all([queue.stop(deadline()), queue.stop(deadline())])
    t.equal(queue.status().condition, 'closed')
  })

  await t.test('whatever is done, nothing is lost, altered or counted wrong', async (t) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => await play(steps, fresh(t))),
      { numRuns: 20 },
    )
  })
}

async function started(t: Test, maker: QueueMaker, sinks: readonly string[] = ['a']): Promise<Queue> {
  const queue = maker.make(sinks)
  await queue.start()
  t.teardown(() => queue.stop(deadline()))
  return queue
}

async function leaseOf(queue: Queue, sink = 'a'): Promise<Lease> {
  const lease = await queue.reader(sink).lease(2 ** 20, never)
  if (lease === undefined) throw new Error('no lease')
  return lease
}

const sinkNames = ['a', 'b'] as const

type Step =
  | { do: 'append'; messages: number }
  | { do: 'lease'; sink: 'a' | 'b'; maxBytes: number }
  | { do: 'settle'; lease: number; from: number; part: number; reject: boolean }
  | { do: 'release'; lease: number }
  | { do: 'drop'; messages: number }
  | { do: 'reopen' }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('append' as const), messages: fc.integer({ min: 1, max: 9 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('lease' as const),
      sink: fc.constantFrom(...sinkNames),
      maxBytes: fc.integer({ min: 1, max: 60 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      lease: fc.nat(9),
      from: fc.nat(9),
      part: fc.nat(9),
      reject: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('release' as const), lease: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drop' as const), messages: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 1, arbitrary: fc.constant({ do: 'reopen' as const }) },
)

/** What a queue should hold, in the simplest words. */
class Model {
  texts: string[] = []
  dropped = 0
  readonly fates = { a: new Map<number, 'delivered' | 'rejected'>(), b: new Map<number, 'delivered' | 'rejected'>() }
  /** Cursors, below which a fate survives a restart. */
  cursor(sink: 'a' | 'b'): number {
    let seq = 0
    while (this.fates[sink].has(seq)) seq++
    return seq
  }

  restart(): void {
    for (const sink of sinkNames) {
      const cursor = this.cursor(sink)
      for (const seq of this.fates[sink].keys()) if (seq > cursor) this.fates[sink].delete(seq)
    }
  }
}

async function play(steps: readonly Step[], maker: QueueMaker): Promise<void> {
  let queue = maker.make(sinkNames)
  await queue.start()
  const model = new Model()
  let leases: { sink: 'a' | 'b'; lease: Lease }[] = []
  for (const next of steps) {
    const held = 'lease' in next ? leases[next.lease] : undefined
    if (next.do === 'append') {
      const texts = Array.from({ length: next.messages }, (_, i) => `message ${model.texts.length + i}`)
      model.texts.push(...texts)
      await take(queue, batchOf(texts)).stored
    } else if (next.do === 'drop') {
      queue.drop('kernel', 'udp', next.messages)
      model.dropped += next.messages
    } else if (next.do === 'lease') {
      const leasable = model.texts.some(
        (_, seq) => !model.fates[next.sink].has(seq) && !leases.some(({ sink, lease }) => sink === next.sink && holds(lease, seq)),
      )
      if (!leasable) continue
      const lease = await queue.reader(next.sink).lease(next.maxBytes, never)
      if (lease === undefined) throw new Error('no lease though messages wait')
      verify(lease, model)
      leases.push({ sink: next.sink, lease })
    } else if (next.do === 'settle' && held !== undefined) {
      const seqs = numbersOf(held.lease).slice(next.from, next.from + next.part)
      const ranges = seqs.map((seq): SeqRange => [seq, seq])
      const fate = next.reject ? 'rejected' : 'delivered'
      for (const seq of seqs) if (!model.fates[held.sink].has(seq)) model.fates[held.sink].set(seq, fate)
      const error = new RelayError('MESSAGE_TOO_LARGE', 'no')
      await held.lease.settle(next.reject ? [] : ranges, next.reject ? ranges.map((range) => ({ seqs: range, error })) : [])
    } else if (next.do === 'release' && held !== undefined) {
      held.lease.release()
      leases = leases.filter((other) => other !== held)
    } else if (next.do === 'reopen') {
      await queue.stop(deadline())
      queue = maker.make(sinkNames)
      await queue.start()
      leases = []
      model.restart()
    }
    compare(queue, model)
  }
  for (const { lease } of leases) lease.release()
  for (const sink of sinkNames) {
    const expected = model.texts.filter((_, seq) => !model.fates[sink].has(seq))
    const found = await drain(queue, sink)
    if (found.join() !== expected.join()) throw new Error(`${sink} got ${found.join()} instead of ${expected.join()}`)
  }
  await queue.stop(deadline())
}

function compare(queue: Queue, model: Model): void {
  const ledger = queue.ledger()
  for (const sink of sinkNames) {
    const cursor = model.cursor(sink)
    const below = [...model.fates[sink]].filter(([seq]) => seq < cursor)
    const expected = {
      received: model.texts.length + model.dropped,
      delivered: below.filter(([, fate]) => fate === 'delivered').length,
      rejected: below.filter(([, fate]) => fate === 'rejected').length,
      queued: model.texts.length - cursor,
      dropped: model.dropped === 0 ? {} : { kernel: model.dropped },
    }
    if (JSON.stringify(ledger.sinks[sink]) !== JSON.stringify(expected)) {
      throw new Error(`${sink}: ${JSON.stringify(ledger.sinks[sink])} instead of ${JSON.stringify(expected)}`)
    }
  }
}

function verify(lease: Lease, model: Model): void {
  const texts = textsOf(lease.batch)
  for (const [i, seq] of numbersOf(lease).entries()) {
    if (texts[i] !== model.texts[seq]) throw new Error(`message ${seq} came as ${texts[i]}`)
  }
}

function numbersOf({ batch }: Lease): number[] {
  return batch.seqs.flatMap(([from, through]) => Array.from({ length: through - from + 1 }, (_, i) => from + i))
}

function holds({ batch }: Lease, seq: number): boolean {
  return batch.seqs.some(([from, through]) => from <= seq && seq <= through)
}
