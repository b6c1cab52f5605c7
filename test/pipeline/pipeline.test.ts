import { test } from 'tap'
import type { Component } from '../../src/core/component.ts'
import { RelayError } from '../../src/core/errors.ts'
import type { Sink } from '../../src/core/sink.ts'
import { type Delivery, Pipeline } from '../../src/pipeline/pipeline.ts'
import { FakeQueue } from '../support/fake-queue.ts'
import { FakeSource } from '../support/fake-source.ts'
import { RecordingLogger } from '../support/recording-logger.ts'

function recorded(name: string, log: string[]): Component {
  return {
    start: async () => void log.push(`start ${name}`),
    stop: async () => void log.push(`stop ${name}`),
  }
}

function pipeline() {
  const log: string[] = []
  const queue = new FakeQueue()
  const source = new FakeSource()
  queue.start = async () => void log.push('start queue')
  queue.stop = async () => void log.push('stop queue')
  const { start: startSource } = source
  source.start = async () => {
    log.push('start source')
    await startSource.call(source)
  }
  source.stop = async () => void log.push('stop source')
  const sink: Sink = {
    ...recorded('sink', log),
    send: async () => ({ delivered: [], rejected: [] }),
    flush: async () => {},
    endpoints: () => [],
  }
  const delivery: Delivery = {
    ...recorded('delivery', log),
    drain: async () => void log.push('drain'),
    status: () => ({ type: 'file', state: 'idle', unsettled: 0, resent: 0, endpoints: [] }),
    replay: async function* () {},
  }
  const subject = new Pipeline({
    name: 'nginx',
    device: 'nginx',
    foundations: [recorded('tls', log)],
    source,
    queue,
    deliveries: new Map([['siem', { sink, delivery }]]),
    logger: new RecordingLogger(),
  })
  return { subject, log, queue, source, delivery }
}

test('starts sinks, then the queue, then the source; stops in the reverse order with a drain between', async (t) => {
  const { subject, log } = pipeline()
  await subject.stop(AbortSignal.abort())
  t.same(log, [], 'stop before start does nothing')
  await subject.start()
  t.same(log.splice(0), ['start tls', 'start sink', 'start queue', 'start delivery', 'start source'])
  await subject.stop(new AbortController().signal)
  t.same(log.splice(0), ['stop source', 'drain', 'stop delivery', 'stop queue', 'stop sink', 'stop tls'])
  await subject.stop(new AbortController().signal)
  t.same(log, [], 'a second stop does nothing')
})

test('stops without a drain where its queue goes on elsewhere', async (t) => {
  const { subject, log } = pipeline()
  await subject.start()
  log.length = 0
  await subject.stop(new AbortController().signal, { drain: false })
  t.same(log, ['stop source', 'stop delivery', 'stop queue', 'stop sink', 'stop tls'])
})

test('a stop does not wait for senders until its own deadline', async (t) => {
  const { subject, log, source } = pipeline()
  await subject.start()
  log.length = 0
  const leaving = new AbortController()
  const deadlines: AbortSignal[] = []
  source.leave = (deadline: AbortSignal) => {
    deadlines.push(deadline)
    return new Promise((resolve) => deadline.addEventListener('abort', () => resolve()))
  }
  const stopped = subject.stop(new AbortController().signal, { leaving: leaving.signal })
  t.same(log, [])
  leaving.abort()
  await stopped
  t.equal(deadlines.length, 1)
  t.equal(log[0], 'stop source')
})

test('a full pipeline that leaves goes on following its queue, until a sink fails', async (t) => {
  const { subject, queue, source, delivery } = pipeline()
  await subject.start()
  queue.become('full')
  const asked = Promise.withResolvers<AbortSignal>()
  const unblocked = Promise.withResolvers<void>()
  source.unblock = async () => unblocked.resolve()
  source.leave = (deadline: AbortSignal) => {
    asked.resolve(deadline)
    return deadline.aborted ? Promise.resolve() : new Promise((resolve) => deadline.addEventListener('abort', () => resolve()))
  }
  const left = subject.leave(new AbortController().signal, AbortSignal.abort())
  const deadline = await asked.promise
  queue.become('open')
  await unblocked.promise
  t.equal(subject.status().ready, false)
  t.notOk(deadline.aborted)
  delivery.status = () => ({ type: 'file', state: 'backing_off', unsettled: 0, resent: 0, endpoints: [] })
  queue.become('full')
  await left
  t.ok(deadline.aborted)
  await subject.stop(AbortSignal.abort())
})

test('the configuration is adopted once all works, and not by a pipeline that could not start', async (t) => {
  const works = pipeline()
  await works.subject.start()
  t.same(works.queue.calls, ['adopt'])
  await works.subject.stop(AbortSignal.abort())
  const fails = pipeline()
  fails.source.failStart = new RelayError('PORT_IN_USE', 'port 1 is taken')
  await t.rejects(fails.subject.start())
  t.same(fails.queue.calls, [])
})

test('a queue that is full at the start keeps the port closed from the first moment', async (t) => {
  const { subject, queue, source, log } = pipeline()
  source.block = async () => void log.push('block source')
  queue.become('full')
  await subject.start()
  t.same(log.slice(-2), ['block source', 'start source'])
  await subject.stop(AbortSignal.abort())
})

test('a source that cannot start leaves nothing running', async (t) => {
  const { subject, log, source } = pipeline()
  source.failStart = new RelayError('PORT_IN_USE', 'port 1 is taken')
  await t.rejects(subject.start(), { code: 'PORT_IN_USE' })
  t.same(
    log.filter((line) => line.startsWith('stop')),
    ['stop delivery', 'stop queue', 'stop sink', 'stop tls'],
  )
})

test('is ready exactly while it runs and its queue is open, and says why not', async (t) => {
  const { subject, queue } = pipeline()
  t.match(subject.status(), { ready: false, reasons: [/not running/] })
  await subject.start()
  t.match(subject.status(), { ready: true, reasons: [], device: 'nginx' })
  queue.become('full')
  t.match(subject.status(), { ready: false, reasons: [/queue is full/] })
  queue.become('disk_full')
  t.match(subject.status(), { ready: false, reasons: [/disk is full/] })
  queue.become('open')
  t.equal(subject.status().ready, true)
  await subject.stop(AbortSignal.abort())
  t.equal(subject.status().ready, false)
})
