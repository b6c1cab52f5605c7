import t from 'tap'
import { groupIdOf } from '../../src/batch/letter-groups.ts'
import { type LetterSelection, type ReplayProgress, sourceLetters } from '../../src/core/dead-letter.ts'
import { RelayError } from '../../src/core/errors.ts'
import type { QueueCondition } from '../../src/core/queue.ts'
import type { Source } from '../../src/core/source.ts'
import type { SinkStatus } from '../../src/core/status.ts'
import { LetterDesk } from '../../src/pipeline/letter-desk.ts'
import { sampleLetter, sampleLetters } from '../support/dead-letter-samples.ts'
import { FakeQueue } from '../support/fake-queue.ts'
import { FakeSource } from '../support/fake-source.ts'
import { RecordingLogger } from '../support/recording-logger.ts'

const never = new AbortController().signal
const wet = { dryRun: false }
const dry = { dryRun: true }

function desk(steps: (signal: AbortSignal) => AsyncIterable<ReplayProgress> = async function* () {}) {
  const queue = new FakeQueue()
  queue.letters = [...sampleLetters(1, 2), sampleLetter(3, { reason: 'odd' }), sampleLetter(1, { sink: 'gone' })]
  const source: Pick<Source, 'stats'> & Partial<Pick<Source, 'retry'>> = new FakeSource()
  const asked: { selection: LetterSelection; through: number }[] = []
  const status: SinkStatus = { type: 'syslog', state: 'idle', unsettled: 0, resent: 0, endpoints: [] }
  const delivery = {
    failing: {} as Partial<SinkStatus>,
    status: () => ({ ...status, ...delivery.failing }),
    replay: (_letters: unknown, selection: LetterSelection, through: number, signal: AbortSignal) => {
      asked.push({ selection, through })
      return steps(signal)
    },
  }
  const logger = new RecordingLogger()
  const state: { condition: QueueCondition } = { condition: 'open' }
  const subject = new LetterDesk({
    letters: queue.deadLetters,
    condition: () => state.condition,
    source,
    deliveries: new Map([['siem', { delivery }]]),
    logger,
  })
  return { subject, queue, source, delivery, asked, logger, state }
}

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const value of values) found.push(value)
  return found
}

t.test('letters are sorted by sink and reason; a sink that is gone is marked', async (t) => {
  const { subject } = desk()
  t.match(await all(subject.sorted(never)), [
    {
      sink: 'siem',
      messages: 3,
      gone: undefined,
      groups: [
        { messages: 2, reason: '# bytes are too many' },
        { messages: 1, reason: 'odd' },
      ],
    },
    { sink: 'gone', messages: 1, gone: true },
  ])
  const group = groupIdOf('MESSAGE_TOO_LARGE', 'odd')
  t.match(await all(subject.read('siem', { group }, 0, never)), [{ seq: 3 }])
  t.match(await all(subject.read('siem', {}, 2, never)), [{ seq: 2 }, { seq: 3 }])
  t.match(await all(subject.read('siem', { seq: 2 }, 0, never)), [{ seq: 2 }])
  t.match(await all(subject.read('gone', {}, 0, never)), [{ seq: 1 }])
})

t.test('a dry run tells what would be sent, and whether the sink fails', async (t) => {
  const { subject, delivery, asked } = desk()
  t.match(await all(subject.replay('siem', {}, dry, never)), [
    { plan: { messages: 3, to: 'syslog', failing: undefined, groups: [{}, {}] } },
  ])
  delivery.failing = { error: { code: 'ENDPOINT_UNREACHABLE', message: 'down' }, failingSinceMs: 7 }
  const [step] = await all(subject.replay('siem', { seq: 9 }, dry, never))
  t.match(step, { plan: { messages: 0, failing: { code: 'ENDPOINT_UNREACHABLE', message: 'down', sinceMs: 7 } } })
  t.same(asked, [])
})

t.test('a replay is bounded by the newest letter of its beginning, and only one runs at a time', async (t) => {
  const { subject, asked, logger } = desk(async function* () {
    yield { delivered: 2, refused: 1 }
  })
  const steps = subject.replay('siem', {}, wet, never)[Symbol.asyncIterator]()
  t.match((await steps.next()).value, { plan: { messages: 3 } })
  t.throws(() => subject.replay('siem', {}, wet, never), { code: 'CONTROL_FAILED', message: /under way/ })
  t.equal((await all(subject.replay('siem', {}, dry, never))).length, 1)
  t.same((await steps.next()).value, { progress: { delivered: 2, refused: 1 } })
  t.ok((await steps.next()).done)
  t.same(asked, [{ selection: {}, through: 3 }])
  t.match(logger.lines, [{ level: 'info', message: 'replay of dead letters of siem: 2 delivered, 1 refused again' }])
  await all(subject.replay('siem', {}, wet, never))
  const [one, other] = [subject.replay('siem', {}, wet, never), subject.replay('siem', {}, wet, never)]
  const results = await Promise.allSettled([all(one), all(other)])
  t.same(results.map((result) => result.status).sort(), ['fulfilled', 'rejected'], 'even when both are asked for at once')
})

t.test('a stop ends what is being sent, waits for it, and not for a reader that pauses', async (t) => {
  const begun = Promise.withResolvers<void>()
  const ending = Promise.withResolvers<void>()
  const { subject } = desk(async function* (signal) {
    begun.resolve()
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    await ending.promise
  })
  const paused = subject.replay('siem', {}, wet, never)[Symbol.asyncIterator]()
  await paused.next()
  const rest = paused.next()
  await begun.promise
  let stopped = false
  const stop = subject.stop().then(() => {
    stopped = true
  })
  await Promise.resolve()
  t.notOk(stopped)
  ending.resolve()
  t.match((await rest).value, { progress: { delivered: 0, stopped: { code: 'QUEUE_CLOSED' } } })
  await stop
  await paused.return?.()
  t.throws(() => subject.replay('siem', {}, wet, never), { code: 'QUEUE_CLOSED' }, 'none begins after it')
})

t.test('what a stop cuts short is an error, not a part that looks like all', async (t) => {
  const group = groupIdOf('MESSAGE_TOO_LARGE', '# bytes are too many')
  const asks: ((subject: LetterDesk) => Promise<unknown>)[] = [
    (subject) => all(subject.sorted(never)),
    (subject) => all(subject.read('siem', {}, 0, never)),
    (subject) => all(subject.replay('siem', { group }, dry, never)),
    (subject) => all(subject.replay('siem', { group }, wet, never)),
    (subject) => subject.drop('siem', { group }, never),
  ]
  for (const ask of asks) {
    const { queue, subject } = desk()
    const { read } = queue.deadLetters
    Object.assign(queue.deadLetters, {
      read: async function* (...args: Parameters<typeof read>) {
        for await (const letter of read(...args)) {
          yield letter
          void subject.stop()
        }
      },
    })
    await t.rejects(ask(subject), { code: 'QUEUE_CLOSED' })
  }
})

t.test('a drop that a stop cuts short tells and logs what was deleted', async (t) => {
  const { subject, queue, state, logger } = desk()
  const { settle } = queue.deadLetters
  Object.assign(queue.deadLetters, {
    settle: async (...args: Parameters<typeof settle>) => {
      state.condition = 'closed'
      return (await settle(...args)) - 1
    },
  })
  await t.rejects(subject.drop('siem', {}, never), { code: 'QUEUE_CLOSED', message: /^2 dead letters of siem were deleted/, hint: String })
  t.match(logger.lines, [{ level: 'warn', fields: { sink: 'siem', messages: 2 } }])
})

t.test('letters of the source are read again by it; what it makes no sense of stays', async (t) => {
  const { subject, queue, source } = desk()
  queue.letters = [1, 2, 3].map((seq) => sampleLetter(seq, { sink: sourceLetters }))
  t.throws(() => subject.replay(sourceLetters, {}, wet, never), { code: 'CONTROL_FAILED', message: /cannot read again/ })
  const asked: string[] = []
  source.retry = async (bytes) => {
    asked.push(bytes.toString())
    if (asked.length === 2) throw new RelayError('OBJECT_UNREADABLE', 'makes no sense')
  }
  const steps = await all(subject.replay(sourceLetters, {}, wet, never))
  t.match(steps, [{ plan: { messages: 3, to: 'source' } }, {}, {}, { progress: { delivered: 2, refused: 1 } }])
  t.same(asked, ['message 1', 'message 2', 'message 3'])
  t.match(queue.letters, [{ seq: 2, code: 'OBJECT_UNREADABLE', reason: 'makes no sense' }])
})

t.test('letters are dropped by group, by number or all, and that is logged', async (t) => {
  const { subject, queue, logger } = desk()
  t.equal(await subject.drop('siem', { group: groupIdOf('MESSAGE_TOO_LARGE', 'odd') }, never), 1)
  t.equal(await subject.drop('siem', { seq: 2 }, never), 1)
  t.equal(await subject.drop('gone', {}, never), 1)
  t.match(queue.letters, [{ seq: 1, sink: 'siem' }])
  t.equal(logger.lines.length, 3)
  t.match(logger.lines[0], { level: 'warn', fields: { sink: 'siem', messages: 1 } })
})

t.test('what is not there, or not open, is an error with a hint', async (t) => {
  const { subject, state } = desk()
  t.throws(() => subject.read('none', {}, 0, never), { code: 'PIPELINE_UNKNOWN', hint: 'there are dead letters of siem, gone' })
  await t.rejects(subject.drop('none', {}, never), { code: 'PIPELINE_UNKNOWN' })
  t.throws(() => subject.replay('gone', {}, wet, never), { code: 'CONTROL_FAILED', message: /not configured any more/ })
  state.condition = 'closed'
  t.throws(() => subject.read('siem', {}, 0, never), { code: 'QUEUE_CLOSED' })
  await t.rejects(all(subject.sorted(never)), { code: 'QUEUE_CLOSED' })
})
