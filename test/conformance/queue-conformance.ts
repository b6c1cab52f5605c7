import fc from 'fast-check'
import type { Test } from 'tap'
import { RelayError } from '../../src/core/errors.ts'
import { batchOf, deadline, drain, imbalance, never, take, textsOf } from '../queue/queue-fixtures.ts'
import { deadLetterConformance } from './dead-letter-conformance.ts'
import { playOnQueue, type QueueMaker, queueStep } from './queue-model.ts'
import { leaseOf, started } from './queue-started.ts'

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

  await deadLetterConformance(t, fresh)

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
      fc.asyncProperty(fc.array(queueStep, { minLength: 5, maxLength: 40 }), async (steps) => await playOnQueue(steps, fresh(t))),
      { numRuns: 20 },
    )
  })
}
