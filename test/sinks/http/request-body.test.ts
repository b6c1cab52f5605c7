import { test } from 'tap'
import { Around, RequestBody } from '../../../src/sinks/http/request-body.ts'
import { RequestDocuments } from '../../../src/sinks/http/request-documents.ts'
import { SentBatch } from '../../../src/sinks/http/sent-batch.ts'
import { storedBatch } from '../../support/sink-batches.ts'

const documents = ['one', 'two', 'three', 'four'].map((text) => Buffer.from(text))

for (const { around, whole, part } of [
  { around: { before: '', between: '', after: '' }, whole: 'onetwothreefour', part: 'twothree' },
  { around: { before: '[\n', between: ',\n', after: '\n]' }, whole: '[\none,\ntwo,\nthree,\nfour\n]', part: '[\ntwo,\nthree\n]' },
  { around: { before: '<', between: '', after: '' }, whole: '<onetwothreefour', part: '<twothree' },
]) {
  test(`a body and its parts: ${JSON.stringify(whole)}`, (t) => {
    const made = new Around(around)
    for (const capacity of [1, 1000]) {
      const grown = new RequestBody(made, capacity)
      for (const document of documents) t.equal(grown.add(document.toString()), document.length)
      grown.add('ä'.repeat(1000))
      grown.dropLast()
      t.equal(grown.of({ from: 0, to: 4 }).toString(), whole, `texts, with room for ${capacity}`)
    }
    const body = new RequestBody(made, 15)
    for (const document of documents) body.add(document)
    t.equal(body.bytes, whole.length)
    t.equal(body.of({ from: 0, to: 4 }).toString(), whole)
    t.equal(body.of({ from: 1, to: 3 }).toString(), part)
    for (const from of [0, 1, 2, 3]) {
      for (let to = from + 1; to <= 4; to++) t.equal(body.sizeOf({ from, to }), body.of({ from, to }).length)
    }
    t.equal(made.size(4, 15), whole.length)
    t.end()
  })
}

test('memory is held from the first document to the release', (t) => {
  const around = new Around({ before: '<', between: '', after: '>' })
  const bytes = 2 ** 20
  const first = new RequestBody(around, bytes)
  first.add('first')
  const memory = first.of({ from: 0, to: 1 }).buffer
  first.release()
  const waiting = new RequestBody(around, bytes)
  const next = new RequestBody(around, bytes)
  next.add('next')
  t.equal(next.of({ from: 0, to: 1 }).buffer, memory, 'the one that waits has not taken it')
  t.equal(next.of({ from: 0, to: 1 }).toString(), '<next>')
  t.equal(waiting.bytes, 2)
  waiting.release()
  t.end()
})

test('documents of several sends', (t) => {
  const around = new Around({ before: '[', between: ',', after: ']' })
  const next = new RequestDocuments(around, 10)
  const limits = { requestBytes: 12, maxBytes: 20 }
  t.equal(next.body.bytes, 2)
  const [a, b] = [new SentBatch(storedBatch(['x', 'y'])), new SentBatch(storedBatch(['z', 'z', 'z']))]
  const other = new SentBatch(storedBatch(['x']))
  for (const [sent, index] of [
    [a, 0],
    [a, 1],
    [b, 0],
    [b, 2],
  ] as const)
    t.equal(next.add(`${index}`, limits, sent, index), 1) // prettier-ignore
  t.equal(next.add('abc', limits, b, 1), 'full')
  t.same(next.add('x'.repeat(19), limits, b, 1), { tooLarge: 21 })
  t.same([next.count, next.body.bytes], [4, 9])
  t.same([next.has(a), next.has(b), next.has(other)], [true, true, false])
  const seen: unknown[] = []
  next.forEach({ from: 1, to: 4 }, (sent, index, position) => seen.push([sent === a ? 'a' : 'b', index, position]))
  t.same(seen, [
    ['a', 1, 1],
    ['b', 0, 2],
    ['b', 2, 3],
  ])
  t.equal(next.body.of({ from: 0, to: 4 }).toString(), '[0,1,0,2]')
  t.end()
})
