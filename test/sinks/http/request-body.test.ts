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
    const body = new RequestBody(documents, 15, made)
    t.equal(body.of({ from: 0, to: 4 }).toString(), whole)
    t.equal(body.of({ from: 1, to: 3 }).toString(), part)
    for (const from of [0, 1, 2, 3]) {
      for (let to = from + 1; to <= 4; to++) t.equal(body.sizeOf({ from, to }), body.of({ from, to }).length)
    }
    t.equal(made.size(4, 15), whole.length)
    t.end()
  })
}

test('documents of several sends', (t) => {
  const around = new Around({ before: '[', between: ',', after: ']' })
  const next = new RequestDocuments(around)
  t.equal(next.bytes, 2)
  const [a, b] = [new SentBatch(storedBatch(['x', 'y'])), new SentBatch(storedBatch(['z', 'z', 'z']))]
  const other = new SentBatch(storedBatch(['x']))
  for (const [sent, index] of [
    [a, 0],
    [a, 1],
    [b, 0],
    [b, 2],
  ] as const)
    next.add(Buffer.from(`${index}`), sent, index) // prettier-ignore
  t.same([next.count, next.bytes, next.bytesWith(Buffer.from('abc'))], [4, 9, 13])
  t.same([next.has(a), next.has(b), next.has(other)], [true, true, false])
  const seen: unknown[] = []
  next.forEach({ from: 1, to: 4 }, (sent, index, position) => seen.push([sent === a ? 'a' : 'b', index, position]))
  t.same(seen, [
    ['a', 1, 1],
    ['b', 0, 2],
    ['b', 2, 3],
  ])
  t.equal(next.takeBody().of({ from: 0, to: 4 }).toString(), '[0,1,0,2]')
  t.end()
})
