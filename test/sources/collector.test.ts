import { test } from 'tap'
import type { Origin } from '../../src/core/batch.ts'
import { batchBytes, batchMessages, Collector, maxInFlight } from '../../src/sources/collector.ts'
import { FakeIntake } from '../support/fake-intake.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { eventually } from '../support/running-source.ts'

const tcp: Origin = { peer: '192.0.2.1', port: 1, transport: 'tcp' }
const udp: Origin = { peer: '192.0.2.2', port: 2, transport: 'udp' }
const plenty = AbortSignal.timeout(60_000)

function newCollector() {
  const intake = new FakeIntake()
  const logger = new RecordingLogger()
  const reliefs: number[] = []
  const collector = new Collector({ intake, logger, onRelief: () => reliefs.push(intake.messages.length) })
  const write = (text: string, origin = tcp) => {
    const chunk = Buffer.from(text)
    collector.writer.from(origin, 0)
    const at = collector.writer.put(chunk, 0, chunk.length)
    collector.writer.message(at, at + chunk.length, 0)
    collector.wrote()
  }
  return { intake, logger, collector, write, reliefs }
}

const half = 'x'.repeat(batchBytes / 2)

test('what one turn of the event loop brings shares a batch', async (t) => {
  const { intake, write } = newCollector()
  write('one')
  write('two')
  t.equal(intake.batches.length, 0)
  await intake.received(2)
  t.equal(intake.batches.length, 1)
})

test('while a batch is being stored the next one grows; when it is stored that follows', async (t) => {
  const { intake, write } = newCollector()
  intake.hold()
  write('one')
  await intake.received(1)
  for (const text of ['two', 'three', 'four']) {
    write(text)
    await new Promise((resolve) => setImmediate(resolve))
  }
  t.same(intake.texts, ['one'])
  intake.store()
  await intake.received(4)
  t.equal(intake.batches.length, 2)
})

test('so many full batches may be under way, the next one presses', async (t) => {
  const { intake, collector, write, reliefs } = newCollector()
  intake.hold()
  for (let i = 0; i < 2 * maxInFlight; i++) write(half)
  t.equal(intake.batches.length, maxInFlight)
  t.notOk(collector.pressed)
  write(half)
  t.notOk(collector.pressed, 'there is room for half a batch')
  write(half)
  t.ok(collector.pressed)
  t.equal(collector.heldBytes, batchBytes)
  t.same(reliefs, [])
  intake.store()
  await eventually(() => !collector.pressed)
  t.equal(intake.messages.length, 2 * maxInFlight + 2)
  t.same(reliefs, [2 * maxInFlight + 2], 'told once, and after the held batch was handed over')
})

test('tiny messages fill a batch by their number, and cost more than their bytes', async (t) => {
  const { intake, collector, write } = newCollector()
  intake.hold()
  for (let i = 0; i < (maxInFlight + 1) * batchMessages; i++) write('x')
  t.equal(intake.batches.length, maxInFlight)
  t.ok(collector.pressed)
  t.ok(collector.heldBytes < 4 * batchMessages)
  const { heldCost } = collector
  t.ok(heldCost > 16 * batchMessages)
  for (let port = 1; port <= 100; port++) write('x', { ...udp, port })
  t.ok(collector.heldCost > heldCost + 100 * 100, 'each sender costs too')
  intake.store()
  await eventually(() => !collector.pressed)
})

test('a refused batch is kept, tried again when there is room, and stays ahead of later ones', async (t) => {
  const { intake, collector, write, reliefs } = newCollector()
  intake.fill()
  write('one')
  await intake.until(() => intake.refusals === 1)
  t.ok(collector.pressed)
  write('two')
  intake.empty()
  await intake.received(2)
  t.same(intake.texts, ['one', 'two'])
  t.notOk(collector.pressed)
  t.equal(reliefs.length, 1)
})

test('stop hands over what is held and waits until it is stored', async (t) => {
  const { intake, collector, write } = newCollector()
  intake.hold()
  write('one')
  await intake.received(1)
  write('two')
  let stopped = false
  const stopping = collector.stop(plenty).then(() => {
    stopped = true
  })
  await intake.received(2)
  t.notOk(stopped)
  intake.store()
  await stopping
  t.same(intake.drops, {})
})

test('stop gives a full queue what was read: it cannot go back to its senders', async (t) => {
  const { intake, collector, write } = newCollector()
  intake.fill()
  write('refused')
  await intake.until(() => intake.refusals === 1)
  write('held')
  await collector.stop(plenty)
  t.same(intake.texts, ['refused', 'held'])
  t.same(intake.drops, {})
})

test('stop waits for a queue that takes nothing, and what it did not take at the deadline is counted by transport', async (t) => {
  const patient = newCollector()
  patient.intake.jam()
  patient.write('kept')
  const stopping = patient.collector.stop(plenty)
  await patient.intake.until(() => patient.intake.refusals === 1)
  patient.intake.empty()
  await stopping
  t.same(patient.intake.texts, ['kept'])

  const { intake, collector, write } = newCollector()
  intake.jam()
  write('refused')
  await intake.until(() => intake.refusals === 1)
  write('held')
  write('held too', udp)
  const deadline = new AbortController()
  const late = collector.stop(deadline.signal)
  deadline.abort()
  await late
  t.same(intake.drops, { stopping: 3 })
  t.same(intake.dropsByTransport, { tcp: 2, udp: 1 })
  write('after the end')
  await intake.until(() => intake.drops.stopping === 4)
  t.same(intake.messages, [])
})

test('a queue that throws costs a count and a line, not the process', async (t) => {
  const { intake, logger, write } = newCollector()
  intake.failure = new Error('closed')
  write('one')
  await intake.until(() => intake.drops.stopping === 1)
  write('two')
  await intake.until(() => intake.drops.stopping === 2)
  t.equal(logger.messages('error').length, 1)
  intake.failure = undefined
  write('three')
  await intake.received(1)
  t.same(intake.texts, ['three'])
})
