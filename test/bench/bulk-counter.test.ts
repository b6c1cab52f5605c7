import { test } from 'tap'
import { bulkAnswer } from '../../bench/load/bulk-answer.ts'
import { BulkBodies } from '../../bench/load/bulk-body.ts'
import { BulkCounter } from '../../bench/load/bulk-counter.ts'
import { SeenNumbers } from '../../bench/load/record-counter.ts'

const pair = (number: number, before = '', after = '') =>
  `{"create":{"_id":"${before}x"}}\n{"message":"${before}seq=${String(number).padStart(10, '0')} text${after}"}\n`

function count(...bodies: string[]): SeenNumbers & { documents: number[] } {
  const seen = new SeenNumbers()
  const counter = new BulkCounter(seen)
  const documents = bodies.map((body) => counter.count(Buffer.from(body)))
  return Object.assign(seen, { documents })
}

test('documents are counted by their numbers, across bodies', async (t) => {
  const seen = count(pair(0) + pair(1) + pair(2), pair(1) + pair(3), '')
  t.strictSame(seen.documents, [3, 2, 0])
  t.match(seen, { arrived: 5, distinct: 4, malformed: 0 })
})

test('lines of other lengths, and other places of the number, change no count', async (t) => {
  const seen = count(
    pair(0) + pair(1, 'long ') + pair(2, '', ' end') + pair(3) + pair(4, 'a', 'b') + pair(5) + pair(6, '', ' end') + pair(7),
  )
  t.match(seen, { arrived: 8, distinct: 8, malformed: 0, documents: [8] })
  const moved = '{"create":{"_id":"x"}}\n{"message":"text seq=0000000001"}\n'
  t.match(count(pair(0) + moved), { arrived: 2, distinct: 2, malformed: 0 }, 'only the number is somewhere else')
})

test('a document without a number is told apart', async (t) => {
  const none = '{"create":{}}\n{"message":"hello"}\n'
  const short = '{"index":{}}\n{"message":"seq=12"}\n'
  t.match(count(pair(0) + none + none + pair(1) + short), { arrived: 2, distinct: 2, malformed: 3 })
})

test('a body that ends within a document is none', async (t) => {
  t.throws(() => count('{"create":{}}\n'), /ends within a document/)
  t.throws(() => count(pair(0).slice(0, -1)), /ends within a document/)
  t.throws(() => count(pair(0) + pair(1).replace('\n', ' ')), /ends within a document/, 'one line where two were expected')
})

test('the answer has an item for each document, in short where it is asked for', async (t) => {
  const short = JSON.parse(String(bulkAnswer('create', 3, true)))
  t.strictSame(short, { took: 1, errors: false, items: Array.from({ length: 3 }, () => ({ create: { status: 201 } })) })
  const long = JSON.parse(String(bulkAnswer('index', 2, false)))
  t.equal(long.items.length, 2)
  t.match(long.items[1].index, { status: 201, result: 'created' })
})

test('ready-made bodies: as many documents as said, with ids that never come again where they are wanted', async (t) => {
  const ids = (bodies: BulkBodies) =>
    bodies
      .next()
      .toString()
      .match(/(?<="_id":")[^"]{34}(?="})/g) ?? []
  const bodies = new BulkBodies(true)
  const all = [...ids(bodies), ...ids(bodies)]
  t.equal(all.length, 2 * bodies.documents)
  t.equal(new Set(all).size, all.length)
  const without = new BulkBodies(false)
  t.strictSame(ids(without), [])
  t.equal(count(String(without.next())).distinct, without.documents)
  for (const line of String(bodies.next()).trimEnd().split('\n')) JSON.parse(line)
})
