import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { countSeqs, seqAt, seqsBetween } from '../../src/batch/ranges.ts'
import type { SeqRange } from '../../src/core/batch.ts'
import { numbers, seqShape, seqsFor } from './batches.ts'

const seqs: SeqRange[] = [
  [3, 4],
  [7, 9],
]

test('countSeqs counts both ends', async (t) => {
  t.equal(countSeqs(seqs), 5)
  t.equal(countSeqs([]), 0)
})

test('seqsBetween names the messages of a slice', async (t) => {
  t.strictSame(seqsBetween(seqs, 0, 5), seqs)
  t.strictSame(seqsBetween(seqs, 1, 3), [
    [4, 4],
    [7, 7],
  ])
  t.strictSame(seqsBetween(seqs, 2, 2), [])
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40 }), seqShape, fc.nat(50), fc.nat(50), (length, { lengths, gaps }, from, to) => {
        const ranges = seqsFor(length, lengths, gaps)
        assert.deepEqual(numbers(seqsBetween(ranges, from, to)), numbers(ranges).slice(from, Math.max(from, to)))
      }),
    ),
  )
})

test('seqAt gives the number at an index', async (t) => {
  t.strictSame(
    [0, 1, 2, 3, 4].map((index) => seqAt(seqs, index)),
    numbers(seqs),
  )
  t.throws(() => seqAt(seqs, 5), RangeError)
  t.throws(() => seqAt(seqs, -1), RangeError)
})
