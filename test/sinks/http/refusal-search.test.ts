import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { RelayError } from '../../../src/core/errors.ts'
import { type Findings, RefusalSearch, type Segment } from '../../../src/sinks/http/refusal-search.ts'

const error = new RelayError('DOCUMENT_REFUSED', 'no')

/** Searches `documents` for those that the receiver does not take. */
function search(documents: number, isBad: (at: number) => boolean) {
  const asked: Segment[] = []
  const taken: number[] = []
  const of = new RefusalSearch(documents)
  for (let part = of.next(); part !== undefined; part = of.next()) {
    asked.push(part)
    const positions = Array.from({ length: part.to - part.from }, (_, i) => (part as Segment).from + i)
    if (positions.some(isBad)) of.refused({ error, tooLarge: false })
    else {
      taken.push(...positions)
      of.taken(true)
    }
  }
  return { asked, taken, findings: of.findings() }
}

function positionsOf({ bad, doubtful, left }: Findings): number[] {
  const single = [...bad, ...doubtful].map(({ at }) => at)
  return [...single, ...left.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i))]
}

test('nothing is refused: the whole is asked for once', (t) => {
  t.match(
    search(10, () => false),
    { asked: [{ from: 0, to: 10 }], findings: { bad: [], doubtful: [], left: [] } },
  )
  t.end()
})

test('a half that must hold the bad one is not asked for as a whole', (t) => {
  const { asked, findings } = search(8, (at) => at === 7)
  t.match(asked, [{ to: 8 }, { from: 0, to: 4 }, { from: 4, to: 6 }, { from: 6, to: 7 }, { from: 7, to: 8 }])
  t.equal(asked.length, 5)
  t.match(findings, { bad: [{ at: 7, error }], doubtful: [], left: [] })
  t.end()
})

test('a receiver that takes nothing is found out early', (t) => {
  const { asked, findings } = search(1000, () => true)
  t.ok(asked.length < 30, `${asked.length} requests`)
  t.equal(findings.bad.length, 0)
  t.equal(findings.doubtful.length, 12)
  t.same(positionsOf(findings).length, 1000)
  t.end()
})

test('a few that are all refused are in doubt, whatever their number; for different reasons they are not', (t) => {
  for (const documents of [1, 2, 8, 12]) t.match(search(documents, () => true).findings, { bad: [], left: [] })
  const of = new RefusalSearch(2)
  of.next()
  of.refused({ error, tooLarge: false })
  of.next()
  of.refused({ error, tooLarge: false })
  of.next()
  of.refused({ error: new RelayError('MESSAGE_TOO_LARGE', 'x'), tooLarge: true })
  t.equal(of.next(), undefined)
  t.match(of.findings(), { bad: [{ at: 0 }, { at: 1 }], doubtful: [] })
  t.end()
})

test('another reason among those that were tried out of turn: the search goes on', (t) => {
  const of = new RefusalSearch(100)
  let alone = 0
  for (let part = of.next(); part !== undefined; part = of.next()) {
    const single = part.to - part.from === 1
    if (single) alone++
    const other = new RelayError('ENDPOINT_REFUSED', 'another')
    of.refused({ error: single && alone === 12 ? other : error, tooLarge: false })
  }
  t.equal(alone, 17, '8 in a row and 4 out of turn, of which the last and the next refute each other; then 4 alike')
  t.end()
})

test('too large: both halves are asked for', (t) => {
  const of = new RefusalSearch(4)
  of.next()
  of.refused({ error, tooLarge: true })
  t.match(of.next(), { from: 0, to: 2 })
  of.taken(true)
  t.match(of.next(), { from: 2, to: 4 })
  of.taken(true)
  t.equal(of.next(), undefined)
  t.end()
})

test('a segment that is halved without having been sent', (t) => {
  const of = new RefusalSearch(4)
  of.next()
  of.refused()
  t.match(of.next(), { from: 0, to: 2 })
  of.taken(true)
  t.match(of.next(), { from: 2, to: 4 })
  t.end()
})

test('whatever is bad: every document is taken, bad, doubtful or left, once; only bad ones are called bad', (t) => {
  const badOnes = fc.oneof(
    fc.array(fc.nat(299), { maxLength: 30 }),
    fc.tuple(fc.nat(299), fc.nat(299)).map(([from, length]) => Array.from({ length }, (_, i) => from + i)),
  )
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), badOnes, (documents, list) => {
      const wrong = new Set(list)
      const { taken, findings, asked } = search(documents, (at) => wrong.has(at))
      const known = [...taken, ...positionsOf(findings)].sort((a, b) => a - b)
      assert.deepEqual(
        known,
        Array.from({ length: documents }, (_, at) => at),
      )
      assert.ok(taken.every((at) => !wrong.has(at)))
      assert.ok([...findings.bad, ...findings.doubtful].every(({ at }) => wrong.has(at)))
      assert.ok(findings.bad.length === 0 || taken.length > 0, 'nothing is bad where nothing was taken')
      assert.ok(asked.length <= 2 * (list.length + 1) * (Math.log2(documents) + 2))
    }),
  )
  t.pass('all of it')
  t.end()
})
