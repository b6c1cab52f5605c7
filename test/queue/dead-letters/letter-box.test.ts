import { join } from 'node:path'
import t, { type Test } from 'tap'
import { RelayError } from '../../../src/core/errors.ts'
import { LetterBox } from '../../../src/queue/dead-letters/letter-box.ts'
import { SinkLetters } from '../../../src/queue/dead-letters/sink-letters.ts'
import { deadLetterKey, deadLetterStatsKey } from '../../../src/queue/keys.ts'
import { type Op, openLevel, type Store, writeBuffers } from '../../../src/queue/leveldb.ts'
import { decodeRecord, encodeRecord } from '../../../src/queue/records.ts'
import { newCursor, SinkCursor } from '../../../src/queue/sink-cursor.ts'
import { shortDir } from '../../support/short-dir.ts'
import { recordingLogger } from '../queue-fixtures.ts'
import { lettersOf, numberedBatch, seqsOf, tooLarge } from './letter-fixtures.ts'

interface BoxOptions {
  readonly limits?: { count: number; bytes: number }
  /** Every write waits for it. */
  readonly before?: (ops: readonly Op[]) => Promise<void>
  /** The store was read. */
  readonly onRead?: () => void
  /** First number that the sink has not settled. */
  readonly seq?: number
}

async function boxOn(t: Test, { limits = { count: 10, bytes: 2 ** 20 }, before = async () => {}, onRead, seq = 1000 }: BoxOptions = {}) {
  const db = await openLevel(join(shortDir(t), 'db'), writeBuffers.base, { createIfMissing: true })
  t.teardown(() => db.close())
  const cursor = new SinkCursor('a', { ...newCursor(0, 0, {}), seq, rejected: seq })
  const load = async () => (await SinkLetters.load(db, { sink: 'a', end: cursor.seq, limits })).letters
  const letters = await load()
  const logger = recordingLogger()
  let last = Promise.resolve()
  const write = async (ops: readonly Op[]) => {
    const written = last.then(() => before(ops)).then(() => db.batch([...ops], { sync: false }))
    last = written
    await written
    return true
  }
  const box = new LetterBox({
    keeper: { use: (work) => work(db as Store).finally(onRead) },
    logger,
    queueId: 'id',
    letters: new Map([['a', letters]]),
    cursor: (sink) => (sink === 'a' ? cursor : undefined),
    write,
  })
  const reject = async (from: number, through: number) => {
    const written = write(box.reject('a', numberedBatch(100), [{ seqs: [from, through], error: tooLarge }]))
    box.tidy('a', written)
    await written
  }
  return { box, db, cursor, logger, reject, load }
}

t.test('many settles over the bounds delete each of the oldest letters once', async (t) => {
  const { box, logger, reject, load } = await boxOn(t)
  await Promise.all(Array.from({ length: 15 }, (_, i) => reject(2 * i, 2 * i + 1)))
  await box.idle()
  const [held] = box.held()
  if (held === undefined) throw new Error('no letters')
  t.equal(held.messages + held.evicted, 30)
  t.ok(held.messages <= 10)
  t.same(
    await seqsOf(box, 'a'),
    Array.from({ length: held.messages }, (_, i) => 30 - held.messages + i),
    'the newest are kept',
  )
  t.same((await load()).held, held, 'the same on disk')
  t.equal(
    logger.lines.reduce((sum, { messages }) => sum + Number(messages), 0),
    held.evicted,
  )
})

t.test('letters that come while the oldest are being deleted are within the bound in the end', async (t) => {
  const deleting = Promise.withResolvers<void>()
  const more = Promise.withResolvers<void>()
  const before = async (ops: readonly Op[]) => {
    if (!ops.some(({ type }) => type === 'del')) return
    deleting.resolve()
    await more.promise
  }
  const { box, reject, load } = await boxOn(t, { before })
  await reject(0, 19)
  await deleting.promise
  const later = reject(20, 39)
  more.resolve()
  await later
  await box.idle()
  t.ok((box.held()[0]?.messages ?? 99) <= 10)
  t.same((await load()).held, box.held()[0])
})

t.test('a letter that several settle counts once, and moves one message of the ledger', async (t) => {
  const { box, cursor, reject, load } = await boxOn(t)
  await reject(0, 5)
  const counts = await Promise.all([
    box.settle('a', [[1, 3]], 'delivered'),
    box.settle('a', [[2, 4]], 'delivered'),
    box.settle('a', [[0, 99]], 'deleted'),
  ])
  t.same(counts, [3, 1, 2])
  t.same(await seqsOf(box, 'a'), [])
  t.match(cursor.ledger(1000, {}), { delivered: 4, rejected: 996 })
  t.equal((await load()).redelivered(cursor), 4)
})

t.test('what arrived while it was being deleted counts as delivered, once', async (t) => {
  const { box, cursor, reject, load } = await boxOn(t, { seq: 40 })
  await reject(0, 29)
  const count = await box.settle('a', [[0, 29]], 'delivered')
  await box.idle()
  const { evicted } = (await load()).held
  t.ok(evicted > 0)
  t.equal(count, 30 - evicted)
  t.equal(cursor.redelivered, 30)
  t.equal((await load()).redelivered(cursor), 30, 'the same on disk')
  t.same(await seqsOf(box, 'a'), [])
  t.equal(await box.settle('a', [[0, 29]], 'delivered'), 0)
  t.equal(cursor.redelivered, 30)
  await reject(30, 39)
  await box.settle('a', [[30, 39]], 'deleted')
  await box.settle('a', [[38, 50]], 'delivered')
  t.equal(cursor.redelivered, 32, 'none above the cursor')
})

t.test('more letters than a page, delivered and deleted by turns, count once each', async (t) => {
  const { box, cursor, db } = await boxOn(t, { limits: { count: 1000, bytes: 2 ** 24 } })
  await db.batch(box.reject('a', numberedBatch(700), [{ seqs: [0, 699], error: tooLarge }]), { sync: false })
  await box.settle('a', [[100, 599]], 'deleted')
  const some = [
    [50, 149],
    [550, 650],
  ] as const
  t.equal(await box.settle('a', some, 'delivered'), 50 + 51)
  t.equal(cursor.redelivered, 100 + 101)
})

t.test('a low number that is refused while the oldest are being looked for is seen, and makes room in its turn', async (t) => {
  const looked = Promise.withResolvers<void>()
  const lowest = deadLetterKey('a', 0)
  const before = async (ops: readonly Op[]) => {
    if (ops.some(({ type, key }) => type === 'put' && key.equals(lowest))) await looked.promise
  }
  const { box, reject, load } = await boxOn(t, { before, onRead: () => looked.resolve() })
  await Promise.all([reject(50, 63), reject(0, 1)])
  await box.idle()
  t.same(await seqsOf(box, 'a'), [0, 1, 57, 58, 59, 60, 61, 62, 63])
  t.equal((await load()).oldest, 0)
  await reject(64, 65)
  await box.idle()
  t.same(await seqsOf(box, 'a'), [57, 58, 59, 60, 61, 62, 63, 64, 65])
})

t.test('letters that an older version hid are seen again after a start', async (t) => {
  const { box, db, reject, load } = await boxOn(t)
  await reject(3, 8)
  const stats = decodeRecord<object>(await db.get(deadLetterStatsKey('a'), { fillCache: false }))
  await db.batch([{ type: 'put', key: deadLetterStatsKey('a'), value: encodeRecord({ ...stats, oldest: 7 }) }], { sync: false })
  t.equal((await load()).oldest, 3)
  await box.settle('a', [[3, 8]], 'deleted')
  t.equal((await load()).oldest, 9, 'where there are none it stays')
})

t.test('reasons that are longer the second time are within the bound in the end', async (t) => {
  const { box, reject, load } = await boxOn(t, { limits: { count: 10, bytes: 4000 } })
  await reject(0, 9)
  t.equal(box.held()[0]?.messages, 10)
  await box.refuse('a', [{ seqs: [0, 9], error: new RelayError('DOCUMENT_REFUSED', 'long '.repeat(60)) }])
  await box.idle()
  t.ok((box.held()[0]?.bytes ?? 9999) <= 4000)
  t.same((await load()).held, box.held()[0])
})

t.test('a cursor that damage made forget what it rejected still balances', async (t) => {
  const cursor = new SinkCursor('a', { ...newCursor(0, 0, {}), seq: 10, delivered: 8, rejected: 2 })
  cursor.redelivered = 5
  t.match(cursor.ledger(10, {}), { received: 10, delivered: 10, rejected: 0 })
})

t.test('only the numbers that were asked for, in any order', async (t) => {
  const { box, reject } = await boxOn(t)
  await reject(0, 7)
  t.equal(
    await box.settle(
      'a',
      [
        [6, 6],
        [1, 2],
        [50, 60],
      ],
      'deleted',
    ),
    3,
  )
  t.same(await seqsOf(box, 'a'), [0, 3, 4, 5, 7])
  t.same(
    (await lettersOf(box, 'a', 4)).map(({ seq }) => seq),
    [4, 5, 7],
  )
})

t.test('what the cursor has not passed is not dead yet: a kill would take it back', async (t) => {
  const { box, reject, load } = await boxOn(t, { seq: 3 })
  await reject(0, 4)
  t.same(await seqsOf(box, 'a'), [0, 1, 2])
  t.equal(await box.settle('a', [[0, 9]], 'delivered'), 3)
  t.equal((await load()).held.messages, 0, 'taken back at a start')
})

t.test('what is refused again stays, with the new reason', async (t) => {
  const { box, reject, load } = await boxOn(t)
  await reject(0, 2)
  const error = new RelayError('DOCUMENT_REFUSED', 'failed to parse field [status]')
  t.equal(
    await box.refuse('a', [
      { seqs: [1, 1], error },
      { seqs: [7, 9], error },
    ]),
    1,
  )
  t.match(await lettersOf(box, 'a'), [
    { seq: 0, code: 'MESSAGE_TOO_LARGE' },
    { seq: 1, code: 'DOCUMENT_REFUSED', reason: 'failed to parse field [status]', bytes: Buffer.from('message 1') },
    { seq: 2, reason: 'too large' },
  ])
  t.same((await load()).held, box.held()[0], 'its size is counted as it is')
})

t.test('more letters than a page: all are read, and an abort ends it', async (t) => {
  const { box, db } = await boxOn(t, { limits: { count: 1000, bytes: 2 ** 24 } })
  await db.batch(box.reject('a', numberedBatch(700), [{ seqs: [0, 699], error: tooLarge }]), { sync: false })
  t.equal((await lettersOf(box, 'a')).length, 700)
  const abort = new AbortController()
  const seen: number[] = []
  for await (const { seq } of box.read('a', 0, abort.signal)) {
    seen.push(seq)
    if (seq === 2) abort.abort()
  }
  t.same(seen, [0, 1, 2])
  t.equal(await box.settle('a', [[0, Number.MAX_SAFE_INTEGER]], 'deleted'), 700)
})
