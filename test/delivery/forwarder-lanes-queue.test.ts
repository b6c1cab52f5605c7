import { join } from 'node:path'
import t from 'tap'
import { CountedMemory } from '../../src/batch/counted-memory.ts'
import { BalancedSink } from '../../src/delivery/balanced-sink.ts'
import { Forwarder } from '../../src/delivery/forwarder.ts'
import { LevelQueue } from '../../src/queue/level-queue.ts'
import { Backoff } from '../../src/retry/backoff.ts'
import { bulkBatch, bulkText, imbalance, queueConfig, store } from '../queue/queue-fixtures.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { never, until } from './forwarding.ts'
import { MoodyEndpoint, World } from './moody-endpoint.ts'

const perBatch = 100
const batches = 15
/** 200 kB a batch: memory that is used again. */
const size = 2000

t.before(() => {
  CountedMemory.poison = true
})

t.test('three moody endpoints behind the queue on disk: its ledger says what they said, and no message was altered', async (t) => {
  const directory = join(t.testdir(), 'queue')
  const logger = new RecordingLogger()
  const config = queueConfig({ durability: 'assisted' })
  const queue = new LevelQueue({ directory, config, minFreeDisk: 0, sinks: ['siem'], pipeline: 'nginx' }, { logger })
  await queue.start()
  t.teardown(() => queue.stop(AbortSignal.abort()))
  // Any numbers will do; the same in each run.
  const world = new World(Array.from({ length: 2000 }, (_, i) => (i * 7919 + Math.floor(i / 7)) % 59))
  const backoff = () => new Backoff({ initialMs: 0, maxMs: 0 })
  const endpoints = ['a', 'b', 'c'].map((name) => ({ sink: new MoodyEndpoint(world, name), backoff: backoff() }))
  const sink = new BalancedSink(endpoints, { balance: 'least_loaded', logger })
  const queued = () => queue.ledger().sinks.siem?.queued ?? 0
  const forwarder = new Forwarder({
    pipelineName: 'nginx',
    sinkName: 'siem',
    sinkType: 'syslog',
    reader: queue.reader('siem'),
    sink,
    backoff: backoff(),
    maxBatchBytes: 2 ** 18,
    lanes: 3,
    queued,
    logger,
  })
  await forwarder.start()
  t.teardown(() => forwarder.stop(AbortSignal.abort()))
  for (let i = 0; i < batches; i++) await store(queue, bulkBatch(i * perBatch, perBatch, size))
  await until(() => queued() === 0)
  await forwarder.stop(never)
  const said = [...world.said.values()]
  t.same(world.faults, [])
  t.match(queue.ledger().sinks.siem, {
    received: batches * perBatch,
    delivered: said.filter((fate) => fate === 'delivered').length,
    rejected: said.filter((fate) => fate === 'rejected').length,
  })
  t.same(imbalance(queue.ledger()), [])
  t.ok([...world.texts].every(([seq, text]) => text === bulkText(seq, size)))
  t.equal(world.texts.size, batches * perBatch)
})
