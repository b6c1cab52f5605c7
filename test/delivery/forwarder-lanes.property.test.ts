import fc from 'fast-check'
import { test } from 'tap'
import { BalancedSink } from '../../src/delivery/balanced-sink.ts'
import type { Balance } from '../../src/delivery/choose-member.ts'
import { Forwarder } from '../../src/delivery/forwarder.ts'
import { Backoff } from '../../src/retry/backoff.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { seqsOf } from '../support/sink-batches.ts'
import { MemoryReader } from '../support/sink-memory-reader.ts'
import { never, until } from './forwarding.ts'
import { MoodyEndpoint, World } from './moody-endpoint.ts'

const scenario = fc.record({
  balance: fc.constantFrom<Balance>('failover', 'round_robin', 'least_loaded'),
  endpoints: fc.integer({ min: 1, max: 4 }),
  batches: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 25 }),
  stopAt: fc.integer({ min: 1, max: 40 }),
  choices: fc.array(fc.nat(59), { maxLength: 150 }),
})

test('whatever the endpoints do: every message ends as one of them said, once, and the queue’s books balance', async (t) => {
  await fc.assert(
    fc.asyncProperty(scenario, async ({ balance, endpoints, batches, stopAt, choices }) => {
      const world = new World(choices)
      const reader = new MemoryReader()
      const logger = new RecordingLogger()
      const backoff = () => new Backoff({ initialMs: 0, maxMs: 0 })
      const members = Array.from({ length: endpoints }, (_, i) => ({ sink: new MoodyEndpoint(world, `${i}`), backoff: backoff() }))
      const sink = new BalancedSink(members, { balance, logger })
      const lanes = balance === 'failover' ? 1 : endpoints
      const forwarder = () =>
        new Forwarder({
          pipelineName: 'nginx',
          sinkName: 'siem',
          sinkType: 'syslog',
          reader,
          sink,
          backoff: backoff(),
          maxBatchBytes: 1024,
          lanes,
          queued: () => reader.queued(),
          logger,
        })
      const all = batches.flatMap((count) => reader.add(count))
      const one = forwarder()
      await one.start()
      await until(() => reader.queued() === 0 || world.sends >= stopAt)
      await one.stop(never)
      const outWhileStopped = reader.out
      const other = forwarder()
      await other.start()
      await until(() => reader.queued() === 0)
      await other.stop(never)
      const saidTo = (fate: string) => all.filter((seq) => world.said.get(seq) === fate)
      const sorted = (seqs: readonly number[]) => [...seqs].sort((a, b) => a - b)
      return (
        world.faults.length === 0 &&
        outWhileStopped === 0 &&
        reader.out === 0 &&
        same(sorted(reader.delivered), saidTo('delivered')) &&
        same(sorted(seqsOf(reader.rejected.map(({ seqs }) => seqs))), saidTo('rejected')) &&
        reader.delivered.length + reader.rejected.length === all.length &&
        !logger.lines.some(({ fields }) => fields.code === 'INTERNAL')
      )
    }),
    { numRuns: 300 },
  )
  t.pass()
})

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((seq, i) => seq === b[i])
}
