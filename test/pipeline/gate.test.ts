import { test } from 'tap'
import { Gate } from '../../src/pipeline/gate.ts'
import { FakeQueue } from '../support/fake-queue.ts'
import { FakeSource, idlePolling } from '../support/fake-source.ts'
import { RecordingLogger } from '../support/recording-logger.ts'

function gate() {
  const queue = new FakeQueue()
  const source = new FakeSource()
  const logger = new RecordingLogger()
  return { queue, source, logger, gate: new Gate(queue, source, logger) }
}

test('closes the ports when the queue is full and opens them when there is room', async (t) => {
  const { queue, source, logger, gate: subject } = gate()
  await subject.start()
  t.same(source.calls, [], 'an open queue changes nothing')
  queue.become('full')
  queue.become('open')
  await subject.stop()
  t.same(source.calls, [], 'a condition that is over before it was carried out is not carried out')
  await subject.start()
  queue.become('full')
  await new Promise(setImmediate)
  queue.become('disk_full')
  await new Promise(setImmediate)
  queue.become('open')
  await subject.stop()
  t.same(source.calls, ['block', 'unblock'], 'from one reason to another the ports just stay closed')
  t.match(logger.messages('error'), [/queue has reached its limit/])
  t.match(logger.messages('info'), [/taking messages again/])
})

test('a queue that is not open at the start closes the ports before start resolves', async (t) => {
  const { queue, source, logger, gate: subject } = gate()
  queue.detail = '7 bytes of disk are free'
  queue.become('disk_full')
  await subject.start()
  t.same(source.calls, ['block'])
  t.match(logger.messages('error'), [/the disk is full \(7 bytes of disk are free\); TCP ports are closed/], 'with the numbers')
  await subject.stop()
})

test('a source that cannot open its port is logged, and later changes still happen', async (t) => {
  const { queue, source, logger, gate: subject } = gate()
  source.failUnblock = new Error('taken')
  await subject.start()
  queue.become('full')
  await new Promise(setImmediate)
  queue.become('open')
  await new Promise(setImmediate)
  queue.become('failed')
  await subject.stop()
  t.same(source.calls, ['block', 'unblock', 'block'])
  t.match(logger.messages('error'), [/limit/, /could not be opened: taken/, /fails/])
})

test('after stop the queue has no listener left', async (t) => {
  const { queue, source, gate: subject } = gate()
  await subject.stop()
  await subject.start()
  await subject.stop()
  await subject.stop()
  queue.become('full')
  t.equal(queue.listeners, 0)
  t.same(source.calls, [])
})

test('a source without ports is not said to have any', async (t) => {
  const { queue, source, logger, gate: subject } = gate()
  source.polling = idlePolling
  await subject.start()
  queue.become('full')
  await new Promise(setImmediate)
  queue.become('open')
  await subject.stop()
  t.same(source.calls, ['block', 'unblock'])
  t.match(logger.messages('error'), [/nothing is read until there is room$/])
  t.match(logger.messages('info'), [/reading goes on$/])
})
