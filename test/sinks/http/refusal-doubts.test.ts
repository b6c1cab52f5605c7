import { test } from 'tap'
import { RefusalDoubts } from '../../../src/sinks/http/refusal-doubts.ts'

/** How often it is in doubt before it is rejected. */
function doubtsBefore(doubts: RefusalDoubts, names: readonly string[], alone = false): number {
  let count = 0
  while (!doubts.judge(names, alone)[0]) count++
  return count
}

test('three tries; as long as nothing is delivered more and more', (t) => {
  const doubts = new RefusalDoubts()
  t.same(
    ['a', 'b', 'c', 'd'].map((name) => doubtsBefore(doubts, [name])),
    [2, 5, 11, 11],
  )
  doubts.delivered()
  t.equal(doubtsBefore(doubts, ['e']), 2)
  t.end()
})

test('those of one request are judged together', (t) => {
  const doubts = new RefusalDoubts()
  t.same(doubts.judge(['a', 'b'], false), [false, false])
  t.same(doubts.judge(['a', 'b'], false), [false, false])
  t.same(doubts.judge(['a', 'b', 'c'], false), [true, true, false])
  t.end()
})

test('no more are given up for having been tried often than may be', (t) => {
  const doubts = new RefusalDoubts()
  for (const _ of [1, 2]) t.same(doubts.judge(['a', 'b'], false, 1), [false, false])
  t.same(doubts.judge(['a', 'b'], false, 1), [true, false])
  t.same(doubts.judge(['b'], false, 1), [false], 'the next needs six tries')
  doubts.delivered()
  t.same(doubts.judge(['b'], false, 1), [true], 'and none where others are delivered')
  t.end()
})

test('requests that are in flight together are not tries of one another', (t) => {
  const doubts = new RefusalDoubts()
  for (const name of ['a', 'b', 'c', 'd', 'e']) t.same(doubts.judge([name], true), [false])
  t.end()
})

test('refused again after others were delivered', (t) => {
  const doubts = new RefusalDoubts()
  t.same(doubts.judge(['a'], false), [false])
  doubts.delivered()
  t.same(doubts.judge(['b'], false), [false], 'this one was not refused before')
  t.same(doubts.judge(['a'], false), [true])
  t.same(doubts.judge(['b'], false), [false])
  t.end()
})

test('alone after a delivery: once', (t) => {
  const doubts = new RefusalDoubts()
  doubts.delivered()
  t.same(doubts.judge(['a'], true), [true])
  t.same(doubts.judge(['b'], true), [false])
  doubts.delivered()
  t.same(doubts.judge(['c', 'd'], false), [false, false], 'not where there were others')
  t.same(doubts.judge(['e'], true), [false], 'nor after a doubt')
  t.end()
})

test('the oldest are forgotten', (t) => {
  const doubts = new RefusalDoubts()
  doubts.judge(['a'], false)
  for (let i = 0; i < 1024; i++) doubts.judge([`other ${i}`], false)
  t.equal(doubtsBefore(doubts, ['a']), 2)
  t.end()
})
