import { test } from 'tap'
import type { Outcome } from '../../src/core/sink.ts'
import { type ChooseMember, memberChooser } from '../../src/delivery/choose-member.ts'
import { Member } from '../../src/delivery/member.ts'
import { Backoff } from '../../src/retry/backoff.ts'
import { down, scripted } from './balancing.ts'

const nowMs = 1000

function membersNamed(...names: string[]): Member[] {
  return scripted(...names).map((sink) => new Member({ sink, backoff: new Backoff({ initialMs: 1000, maxMs: 1000 }) }))
}

/** The names of those chosen one after the other, each free again at once. */
function choices(choose: ChooseMember, members: readonly Member[], count: number, tried: readonly Member[] = []): (string | undefined)[] {
  return Array.from({ length: count }, () => choose(members, { tried, nowMs })?.name)
}

function fail(member: Member): void {
  member.answered(down(member.name), member.begin(1, nowMs), nowMs, false)
}

test('failover: the first that may be tried, and nobody else while it is busy', async (t) => {
  const members = membersNamed('a', 'b', 'c') as [Member, Member, Member]
  const choose = memberChooser('failover')
  t.same(choices(choose, members, 2), ['a', 'a'])
  members[0].busy = true
  t.same(choices(choose, members, 1), [undefined])
  t.same(choices(choose, members, 1, [members[0]]), ['b'], 'what it could not deliver goes to the next')
  fail(members[0])
  t.same(choices(choose, members, 1), ['b'])
  fail(members[1])
  fail(members[2])
  t.same(choices(choose, members, 1), [undefined])
})

test('round robin: the next that is free and may be tried', async (t) => {
  const members = membersNamed('a', 'b', 'c', 'd') as [Member, Member, Member, Member]
  const choose = memberChooser('round_robin')
  t.same(choices(choose, members, 5), ['a', 'b', 'c', 'd', 'a'])
  members[1].busy = true
  fail(members[3])
  t.same(choices(choose, members, 4), ['c', 'a', 'c', 'a'])
  t.same(choices(choose, members, 1, [members[2]]), ['a'])
  t.same(choices(choose, members, 1), ['c'], 'a hand-over is nobody’s turn')
})

test('least loaded: the fewest messages in hand, then the one chosen longest ago', async (t) => {
  const members = membersNamed('a', 'b', 'c') as [Member, Member, Member]
  const choose = memberChooser('least_loaded')
  t.same(choices(choose, members, 4), ['a', 'b', 'c', 'a'])
  const [a, b, c] = members
  const open: Outcome = { delivered: [], rejected: [], unsettled: { seqs: [[0, 6]], outcome: new Promise(() => {}) } }
  b.answered(open, b.begin(7, nowMs), nowMs, false)
  c.begin(5, nowMs)
  t.same(choices(choose, members, 2), ['a', 'a'], 'b has seven unsettled, c is sent five')
  a.begin(9, nowMs)
  t.same(choices(choose, members, 1), ['c'])
  c.busy = true
  t.same(choices(choose, members, 1), ['b'])
})
