import { test } from 'tap'
import { Alarm } from '../../src/delivery/alarm.ts'
import { Clock } from './balancing.ts'

function alarm() {
  const clock = new Clock()
  const rings: number[] = []
  return { clock, rings, alarm: new Alarm({ now: () => clock.ms, timer: clock.timer, onTime: () => rings.push(clock.ms) }) }
}

test('it rings once, at the earliest time that was asked for', async (t) => {
  const { clock, rings, alarm: one } = alarm()
  const from = clock.ms
  one.by(from + 500)
  one.by(from + 900)
  one.by(from + 200)
  one.by(Number.POSITIVE_INFINITY)
  clock.pass(1000)
  t.same(rings, [from + 200])
  one.by(from + 1500)
  clock.pass(1000)
  t.same(rings, [from + 200, from + 1500])
})

test('a time that has passed is now, and one beyond what a timer takes is not now', async (t) => {
  const { clock, rings, alarm: one } = alarm()
  one.by(clock.ms + 2 ** 40)
  t.equal(clock.timerAtMs, clock.ms + 2 ** 31 - 1)
  one.by(clock.ms - 5)
  t.equal(clock.timerAtMs, clock.ms)
  clock.pass(0)
  t.equal(rings.length, 1)
})

test('cancelled it does not ring, and can be set again', async (t) => {
  const { clock, rings, alarm: one } = alarm()
  one.by(clock.ms + 100)
  one.cancel()
  clock.pass(1000)
  t.same(rings, [])
  one.by(clock.ms + 100)
  clock.pass(100)
  t.equal(rings.length, 1)
})

test('the runtime’s timer rings, and not after it was cancelled', async (t) => {
  let cancelledRang = false
  await new Promise<void>((resolve) => {
    const cancelled = new Alarm({ now: Date.now, onTime: () => (cancelledRang = true) })
    cancelled.by(Date.now() + 1)
    cancelled.cancel()
    new Alarm({ now: Date.now, onTime: resolve }).by(Date.now() + 5)
    const keepAlive = setInterval(() => {}, 1000) // An alarm keeps no process alive.
    t.teardown(() => clearInterval(keepAlive))
  })
  t.notOk(cancelledRang)
})
