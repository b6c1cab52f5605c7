import fc from 'fast-check'
import { test } from 'tap'
import { bufferBound, Settlement } from '../../src/sinks/settlement.ts'

const kibibyte = 1024
const mebibyte = 1024 * kibibyte

/** A peer: a kernel with a buffer, advertising at most `shown` of what is free, and a program that reads or does not. */
class Peer {
  nowMs = 0
  heardAtMs = 0
  written = 0
  acked = 0
  read = 0
  readonly #buffer: number
  readonly #settlement = new Settlement()
  #shown: number
  #right: number
  #ends: number[] = []
  /** Bytes of the writes that are settled. */
  settled = 0

  constructor(buffer: number, shown = buffer) {
    this.#buffer = buffer
    this.#shown = shown
    this.#right = Math.min(shown, buffer)
    this.look()
  }

  get window(): number {
    return this.#right - this.acked
  }

  /** The kernel on our side has it, and sends what the window allows. */
  write(bytes: number): void {
    this.written += bytes
    this.#ends.push(this.written)
    this.#transfer()
    this.#settlement.written(this.#state())
    this.look()
  }

  /** The program reads; the kernel tells of it with its next acknowledgement. */
  take(bytes: number): void {
    this.read = Math.min(this.acked, this.read + bytes)
  }

  /** What the kernel answers to a probe, or says by itself. */
  tell(): void {
    this.heardAtMs = this.nowMs
    // A right edge that was told is never taken back (RFC 9293 section 3.8.6).
    this.#right = Math.max(this.#right, this.acked + Math.min(this.#shown, this.#buffer - (this.acked - this.read)))
    this.#transfer()
  }

  /** It shows more of its buffer, as a kernel does when data comes and it has room. */
  show(bytes: number): void {
    this.#shown += bytes
  }

  look(): void {
    const count = this.#settlement.observe({ ...this.#state(), nowMs: this.nowMs, heardMsAgo: this.nowMs - this.heardAtMs, scale: 10 })
    this.settled = count === 0 ? this.settled : (this.#ends.splice(0, count).at(-1) as number)
  }

  /** A second, with a probe at its end. */
  second(): void {
    this.nowMs += 1000
    this.tell()
    this.nowMs += 50
    this.look()
  }

  #transfer(): void {
    if (this.acked === this.written || this.window === 0) return
    this.acked = Math.min(this.written, this.#right)
    this.heardAtMs = this.nowMs
  }

  #state() {
    return { acked: this.acked, unacked: this.written - this.acked, window: this.window, heardMsAgo: 0, scale: 10 }
  }
}

test('the program has read what is settled, whatever it does, while the window is all there is to go by', (t) => {
  const step = fc.oneof(
    fc.record({ write: fc.integer({ min: 1, max: 4 * mebibyte }) }),
    fc.record({ take: fc.integer({ min: 0, max: 4 * mebibyte }) }),
    fc.record({ show: fc.integer({ min: 0, max: mebibyte }) }),
    fc.constant('tell' as const),
    fc.constant('look' as const),
  )
  const buffers = fc.integer({ min: kibibyte, max: 12 * mebibyte })
  fc.assert(
    fc.property(buffers, fc.array(step, { minLength: 20, maxLength: 200 }), (buffer, steps) => {
      const peer = new Peer(buffer, Math.max(64 * kibibyte, buffer / 2))
      for (const what of steps) {
        if (what === 'tell') peer.tell()
        else if (what === 'look') peer.look()
        else if ('write' in what) peer.write(what.write)
        else if ('take' in what) peer.take(what.take)
        else peer.show(what.show)
        if (peer.settled > peer.read) return false
      }
      return true
    }),
    { numRuns: 300 },
  )
  t.pass('no run settled a byte too many')
  t.end()
})

test('a stream of more than a buffer settles itself, without waiting', (t) => {
  const peer = new Peer(mebibyte)
  for (let i = 0; i < 100; i++) {
    peer.write(256 * kibibyte)
    peer.take(mebibyte)
    peer.tell()
  }
  peer.look()
  t.equal(peer.nowMs, 0)
  const bound = bufferBound(10, mebibyte)
  t.ok(peer.settled >= peer.acked + peer.window - bound - 256 * kibibyte, `${peer.settled} of ${peer.acked}`)
  t.ok(peer.settled < peer.acked, 'the last of them does not')
  t.end()
})

test('a stream that never pauses settles, though what came last always narrows its window', (t) => {
  const peer = new Peer(64 * kibibyte)
  const perSecond = 100 * kibibyte
  for (let i = 0; i < 1000; i++) {
    peer.nowMs += 10
    peer.write(perSecond / 100)
    peer.tell()
    peer.take(perSecond)
    if (i > 300) t.ok(peer.settled >= peer.written - 3 * perSecond, `${peer.written - peer.settled} bytes are open`)
    t.ok(peer.settled <= peer.read)
  }
  // From now on the program hangs.
  const { read } = peer
  for (let i = 0; i < 1000; i++) {
    peer.nowMs += 10
    if (peer.window > kibibyte) peer.write(kibibyte)
    peer.tell()
    peer.look()
  }
  t.ok(peer.settled <= read, `settled ${peer.settled}, read ${read}`)
  t.end()
})

test('whatever a program does over time, no more than a quarter of its buffer is taken for read too early', (t) => {
  const step = fc.oneof(
    fc.record({ write: fc.integer({ min: 1, max: 200 * kibibyte }) }),
    fc.record({ take: fc.integer({ min: 0, max: 200 * kibibyte }) }),
    fc.record({ take: fc.constant(mebibyte) }),
    fc.record({ pass: fc.integer({ min: 1, max: 2000 }) }),
    fc.constant('tell' as const),
    fc.constant('second' as const),
  )
  const buffer = 256 * kibibyte
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 300 }), (steps) => {
      const peer = new Peer(buffer)
      for (const what of steps) {
        if (what === 'tell') peer.tell()
        else if (what === 'second') peer.second()
        else if ('write' in what) peer.write(what.write)
        else if ('take' in what) peer.take(what.take)
        else {
          peer.nowMs += what.pass
          peer.look()
        }
        if (peer.settled > peer.read + buffer / 4) return false
      }
      return true
    }),
    { numRuns: 300 },
  )
  t.pass('no run settled more')
  t.end()
})

test('the last of a stream settles when probes find the window as wide as ever and grown no further', (t) => {
  const peer = new Peer(mebibyte)
  peer.write(100)
  peer.take(100)
  peer.look()
  t.equal(peer.settled, 0)
  peer.nowMs = 900
  peer.look()
  t.equal(peer.settled, 0, 'nobody has said anything since: time alone says nothing')
  peer.second()
  t.equal(peer.settled, 0, 'it may be growing still')
  peer.second()
  t.equal(peer.settled, 100)
  t.end()
})

test('what is not read holds the window down, and never settles', (t) => {
  const peer = new Peer(mebibyte)
  peer.write(300 * kibibyte)
  for (let i = 0; i < 100; i++) peer.second()
  t.equal(peer.settled, 0)
  peer.take(300 * kibibyte)
  peer.second()
  peer.second()
  t.equal(peer.settled, 300 * kibibyte, 'until it is read')
  t.end()
})

test('a backlog that is being read off shows as a window that grows', (t) => {
  const peer = new Peer(2 * mebibyte, 64 * kibibyte)
  // From the beginning more comes than is read, so no window has ever been wide.
  for (let i = 0; i < 40; i++) {
    peer.show(64 * kibibyte)
    peer.write(64 * kibibyte)
    peer.tell()
  }
  while (peer.acked < peer.written) {
    peer.take(64 * kibibyte)
    peer.tell()
  }
  for (; peer.read < peer.acked; peer.take(100 * kibibyte)) {
    peer.second()
    t.ok(peer.settled <= peer.read, `settled ${peer.settled}, read ${peer.read}`)
  }
  peer.second()
  peer.second()
  t.equal(peer.settled, peer.written)
  t.end()
})

test('what the peer has not acknowledged is open, window or no window', (t) => {
  const settlement = new Settlement()
  const seen = { window: 64 * mebibyte, heardMsAgo: 0, scale: 10 }
  settlement.observe({ ...seen, acked: 0, unacked: 0, nowMs: 0 })
  settlement.written({ acked: 0, unacked: 1000 })
  settlement.written({ acked: 0, unacked: 2000 })
  t.equal(settlement.observe({ ...seen, acked: 999, unacked: 1001, nowMs: 10_000 }), 0)
  t.equal(settlement.oldestAckedAtMs, undefined)
  t.equal(settlement.observe({ ...seen, acked: 1000, unacked: 1000, nowMs: 11_000 }), 0, 'with more under way the window is not wide open')
  t.equal(settlement.oldestAckedAtMs, 11_000)
  t.equal(settlement.observe({ ...seen, acked: 1000, unacked: 1000, nowMs: 11_900 }), 0, 'however long')
  t.equal(settlement.observe({ ...seen, acked: 1999, unacked: 0, nowMs: 12_000 }), 1, 'the second is acknowledged only now')
  t.equal(settlement.observe({ ...seen, acked: 1999, unacked: 0, nowMs: 13_000 }), 1, 'a position may lie late: the queue is empty')
  t.end()
})

test('a window that was wide between two looks counts', (t) => {
  const settlement = new Settlement()
  const seen = { heardMsAgo: 0, scale: 10, nowMs: 0 }
  settlement.observe({ ...seen, acked: 0, unacked: 0, window: mebibyte })
  settlement.written({ acked: 0, unacked: mebibyte })
  t.equal(settlement.observe({ ...seen, acked: 20 * mebibyte, unacked: 1, window: 0 }), 0, 'all of it may have been in one window')
  t.end()
})

test('the bound on what a peer can hold', (t) => {
  t.equal(bufferBound(7, 100 * mebibyte), 16 * mebibyte, 'its window scale bounds it')
  t.equal(bufferBound(14, mebibyte), 6 * mebibyte, 'what was seen of its window bounds it')
  t.equal(bufferBound(0, 0), 4 * mebibyte, 'a scale that a middlebox has taken away does not')
  t.end()
})

test('a window that rests a little narrower than it was is open after a while, one that misses a quarter is not', async (t) => {
  for (const [resting, settled] of [
    [84_992, 1],
    [73_000, 0],
  ] as const) {
    const settlement = new Settlement()
    const seen = { heardMsAgo: 0, scale: 7, unacked: 0 }
    settlement.observe({ ...seen, nowMs: 0, acked: 0, window: 98_304 })
    settlement.written({ acked: 0, unacked: 1000 })
    settlement.observe({ ...seen, nowMs: 10, acked: 1000, window: resting })
    t.equal(settlement.observe({ ...seen, nowMs: 10_009, acked: 1000, window: resting }), 0, 'a program that hangs may have it all')
    t.equal(settlement.observe({ ...seen, nowMs: 10_010, acked: 1000, window: resting }), settled, `${resting} of 98304`)
  }
})

test('a window that is back where it was before the write is open at once, however wide it once was', async (t) => {
  const settlement = new Settlement()
  const seen = { heardMsAgo: 0, scale: 7, unacked: 0 }
  settlement.observe({ ...seen, nowMs: 0, acked: 0, window: 98_304 })
  settlement.observe({ ...seen, nowMs: 5, acked: 0, window: 84_992 })
  settlement.written({ acked: 0, unacked: 1000 })
  settlement.observe({ ...seen, nowMs: 10, acked: 1000, window: 84_992 })
  t.equal(settlement.observe({ ...seen, nowMs: 2000, acked: 1000, window: 84_992 }), 1)
})
