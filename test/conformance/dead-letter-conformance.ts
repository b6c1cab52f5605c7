import type { Test } from 'tap'
import type { Origin } from '../../src/core/batch.ts'
import { type SourceLetter, sourceLetters } from '../../src/core/dead-letter.ts'
import { RelayError } from '../../src/core/errors.ts'
import { lettersOf, rejectAll, seqsOf } from '../queue/dead-letters/letter-fixtures.ts'
import { batchOf, deadline, imbalance, take } from '../queue/queue-fixtures.ts'
import type { QueueMaker } from './queue-model.ts'
import { leaseOf, started } from './queue-started.ts'

/** What every Queue does with what its sinks refuse and its source cannot read. */
export async function deadLetterConformance(t: Test, fresh: (t: Test) => QueueMaker): Promise<void> {
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

  await t.test('what is refused after its bytes were let go of is a dead letter all the same', async (t) => {
    const queue = await started(t, fresh(t))
    await take(queue, batchOf(['one', 'two', 'three'])).stored
    const leases = [await leaseOf(queue)]
    await take(queue, batchOf(['four', 'five'])).stored
    leases.push(await leaseOf(queue))
    const error = new RelayError('DOCUMENT_REFUSED', 'no')
    for (const lease of leases) lease.forget()
    await leases[1]?.settle([[3, 3]], [{ seqs: [4, 4], error }])
    await leases[0]?.settle(
      [[1, 1]],
      [
        { seqs: [0, 0], error },
        { seqs: [2, 2], error },
      ],
    )
    for (const lease of leases) lease.release()
    t.same(queue.ledger().sinks.a, { received: 5, delivered: 2, rejected: 3, queued: 0, dropped: {} })
    const letters = await lettersOf(queue.deadLetters, 'a')
    t.same(
      letters.map(({ seq, bytes }) => [seq, bytes.toString()]),
      [
        [0, 'one'],
        [2, 'three'],
        [4, 'five'],
      ],
    )
  })

  await t.test(
    'a dead letter has its message, its reason and its sender; delivered after all it moves in the ledger, for good',
    async (t) => {
      const maker = fresh(t)
      const queue = await started(t, maker)
      const from: Origin = {
        peer: '192.0.2.7',
        port: 9,
        transport: 'tls',
        certSubject: 'CN=x',
        proxy: { peer: '192.0.2.8', verified: true } as never,
      }
      await take(queue, batchOf(['good', 'bad', 'worse', 'good'], from, 4711)).stored
      await rejectAll(queue, 'a', [1, 2])
      const { queueId } = queue.status()
      const letters = await lettersOf(queue.deadLetters, 'a')
      t.match(letters[0], {
        seq: 1,
        sink: 'a',
        queueId,
        code: 'MESSAGE_TOO_LARGE',
        reason: 'too large',
        receivedAtMs: 4711,
        bytes: Buffer.from('bad'),
      })
      t.same(letters[0]?.origin, from)
      t.match(queue.deadLetters.held(), [{ sink: 'a', messages: 2, evicted: 0 }])
      t.equal(await queue.deadLetters.settle('a', [[1, 1]], 'delivered'), 1)
      t.equal(await queue.deadLetters.settle('a', [[1, 1]], 'delivered'), 0)
      const books = { received: 4, delivered: 3, rejected: 1, queued: 0, dropped: {} }
      t.same(queue.ledger().sinks.a, books)
      await queue.stop(deadline())
      const again = await started(t, maker)
      t.same(again.ledger().sinks.a, books)
      t.same(await seqsOf(again.deadLetters, 'a'), [2])
      t.equal(await again.deadLetters.settle('a', [[0, 99]], 'deleted'), 1)
      t.same(again.ledger().sinks.a, books, 'what nobody wants stays rejected')
      t.same(again.status().deadLetters, { a: 0 })
    },
  )

  await t.test('letters of a sink that is gone stay, and are not in the books of one that comes back', async (t) => {
    const maker = fresh(t)
    const queue = await started(t, maker, ['a', 'b'])
    await take(queue, batchOf(['one', 'two', 'three'])).stored
    await rejectAll(queue, 'b', [0, 1, 2])
    await queue.deadLetters.settle('b', [[0, 0]], 'delivered')
    await queue.stop(deadline())
    const without = await started(t, maker)
    without.adopt()
    t.same(without.status().deadLetters, { a: 0, b: 2 })
    t.same(await seqsOf(without.deadLetters, 'b'), [1, 2])
    await without.stop(deadline())
    const later = await started(t, maker)
    t.same(later.status().deadLetters, { a: 0, b: 2 })
    await later.stop(deadline())
    const back = await started(t, maker, ['a', 'b'])
    await take(back, batchOf(['four'])).stored
    await rejectAll(back, 'b', [3])
    const books = { received: 1, delivered: 0, rejected: 1, queued: 0, dropped: {} }
    t.same(back.ledger().sinks.b, books)
    t.equal(await back.deadLetters.settle('b', [[0, 2]], 'delivered'), 2)
    t.same(back.ledger().sinks.b, books)
  })

  await t.test('letters of the source have numbers of their own, never used again, and count as no messages', async (t) => {
    const maker = fresh(t)
    const queue = await started(t, maker)
    const letter = (key: string): SourceLetter => ({
      code: 'OBJECT_UNREADABLE',
      reason: `${key} is no gzip`,
      origin: { peer: `s3://bucket/${key}`, port: 0, transport: 's3', object: { bucket: 'bucket', key } },
      bytes: Buffer.from(JSON.stringify({ key })),
    })
    const before = queue.ledger()
    t.same(queue.status().deadLetters, { a: 0 })
    await queue.deadLetter(letter('one'), { key: 'bucket', value: Buffer.from('after one') })
    await queue.deadLetter(letter('two'))
    t.same(queue.ledger(), before)
    t.same(queue.status().deadLetters, { a: 0, [sourceLetters]: 2 })
    t.same(await queue.checkpoint('bucket'), Buffer.from('after one'))
    t.equal(await queue.deadLetters.settle(sourceLetters, [[1, 1]], 'deleted'), 1)
    await queue.stop(deadline())
    const again = await started(t, maker)
    t.same(await again.checkpoint('bucket'), Buffer.from('after one'))
    await again.deadLetter(letter('three'))
    const letters = await lettersOf(again.deadLetters, sourceLetters)
    t.match(letters, [
      { seq: 0, sink: sourceLetters, code: 'OBJECT_UNREADABLE', reason: 'one is no gzip', bytes: Buffer.from('{"key":"one"}') },
      { seq: 2, origin: { object: { key: 'three' } } },
    ])
    t.same(imbalance(again.ledger()), [])
  })
}
