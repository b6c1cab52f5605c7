import { type Test, test } from 'tap'
import type { TcpState } from '../../src/native/tcp-state.ts'
import { SettlingWrites } from '../../src/sinks/settling-writes.ts'

function setup(t: Test) {
  const log: string[] = []
  const clock = { ms: 0 }
  const peer = { state: { unacked: 0, acked: 0, window: 65_536, scale: 10, heardMsAgo: 0 } as TcpState | undefined }
  const writes = new SettlingWrites({
    look: () => peer.state,
    onOpen: (open) => log.push(open ? 'open' : 'nothing open'),
    onSettled: () => log.push('room'),
    onStuck: () => log.push('stuck'),
    now: () => clock.ms,
  })
  t.teardown(() => writes.close())
  const see = (ms: number, state: Partial<TcpState>) => {
    clock.ms = ms
    if (peer.state !== undefined) peer.state = { ...peer.state, ...state }
    writes.look()
  }
  const add = (name: string, bytes: number) => {
    if (peer.state !== undefined) peer.state = { ...peer.state, acked: peer.state.acked + bytes }
    writes.add(bytes, () => log.push(name))
  }
  return { log, peer, writes, see, add }
}

test('writes are settled in order, and it is said when the first is open and when none is', (t) => {
  const { log, writes, see, add } = setup(t)
  t.equal(writes.works, true)
  add('one', 100)
  see(500, {})
  add('two', 10)
  t.equal(writes.bytes, 110)
  see(1000, {})
  t.same([log, writes.bytes], [['open', 'one', 'room'], 10])
  see(2000, {})
  t.same([log.slice(3), writes.bytes], [['nothing open', 'two', 'room'], 0])
  add('three', 1)
  t.same(log.slice(6), ['open'])
  t.end()
})

test('a window that never opens is told at each look, when everything has long been acknowledged', (t) => {
  const { log, see, add } = setup(t)
  add('one', 100)
  see(0, { window: 10_000 })
  see(9_999, {})
  t.same(log, ['open'])
  see(10_000, { unacked: 1 })
  t.same(log, ['open'], 'not while more is under way: that holds a peer up which reads slowly')
  see(10_001, { unacked: 0 })
  t.same(log, ['open', 'stuck'])
  see(30_000, {})
  t.same(log, ['open', 'stuck', 'stuck'], 'whoever could do nothing then may now')
  t.end()
})

test('a connection that is known to be read to its end, and one that is dead', (t) => {
  const { log, writes, add } = setup(t)
  add('one', 100)
  add('two', 100)
  writes.settleAll()
  t.same(log, ['open', 'nothing open', 'one', 'two', 'room'])
  add('three', 100)
  writes.close()
  writes.settleAll()
  t.same([log.length, writes.bytes], [6, 0], 'what was open when it died is never settled')
  t.end()
})

test('a kernel that does not tell', (t) => {
  const { log, peer, writes } = setup(t)
  peer.state = undefined
  writes.add(100, () => t.fail('it cannot be settled'))
  t.same([log, writes.look()], [[], undefined])
  const blind = new SettlingWrites({ look: () => undefined, onOpen() {}, onSettled() {}, onStuck() {} })
  t.equal(blind.works, false)
  t.end()
})
