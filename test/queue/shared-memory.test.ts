import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { CountedMemory } from '../../src/batch/counted-memory.ts'
import type { Lease } from '../../src/core/queue.ts'
import { LevelQueue } from '../../src/queue/level-queue.ts'
import { shortDir } from '../support/short-dir.ts'
import { bulkBatch, bulkText, deadline, drain, never, queueConfig, recordingLogger, take, textsOf } from './queue-fixtures.ts'

const size = 2000
/** 200 kB: memory that is used again. */
const perBatch = 100

type Step = { do: 'append'; batches: number } | { do: 'lease'; sink: number } | { do: 'settle' | 'forget' | 'release'; lease: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('append' as const), batches: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('lease' as const), sink: fc.nat(1) }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constantFrom('settle' as const, 'forget' as const, 'release' as const), lease: fc.nat(5) }),
  },
)

function makeQueue(directory: string): LevelQueue {
  const config = queueConfig({ max_size: 64 * 2 ** 20 })
  return new LevelQueue({ directory, config, minFreeDisk: 0, sinks: ['a', 'b'], pipeline: 'p' }, { logger: recordingLogger() })
}

t.before(() => {
  CountedMemory.poison = true
})

t.test('no batch is read after its memory went to another', async (t) => {
  const root = shortDir(t)
  let made = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 50 }), async (steps) => {
      const queue = makeQueue(join(root, `queue-${made++}`))
      await queue.start()
      await play(queue, steps)
      await queue.stop(deadline())
    }),
    { numRuns: 12 },
  )
})

async function play(queue: LevelQueue, steps: readonly Step[]): Promise<void> {
  let appended = 0
  let leases: { sink: string; lease: Lease }[] = []
  const settled = { a: new Set<number>(), b: new Set<number>() }
  for (const next of steps) {
    const held = 'lease' in next ? leases[next.lease] : undefined
    if (next.do === 'append') {
      const receipts = Array.from({ length: next.batches }, (_, i) => take(queue, bulkBatch(appended + i * perBatch, perBatch, size)))
      appended += next.batches * perBatch
      await Promise.all(receipts.map(({ stored }) => stored))
    } else if (next.do === 'lease') {
      const sink = next.sink === 0 ? 'a' : 'b'
      const out = leases.filter((other) => other.sink === sink).flatMap(({ lease }) => numbersOf(lease))
      if (settled[sink].size + out.filter((number) => !settled[sink].has(number)).length >= appended) continue
      const lease = await queue.reader(sink).lease(2 ** 20, never)
      if (lease === undefined) throw new Error('no lease though messages wait')
      leases.push({ sink, lease })
    } else if (held !== undefined) {
      if (next.do === 'settle') {
        for (const number of numbersOf(held.lease)) settled[held.sink as 'a' | 'b'].add(number)
        await held.lease.settle(held.lease.batch.seqs, [])
      } else if (next.do === 'forget') held.lease.forget()
      else {
        held.lease.release()
        leases = leases.filter((other) => other !== held)
      }
    }
    for (const { lease } of leases) check(lease)
  }
  for (const { lease } of leases) lease.release()
  for (const sink of ['a', 'b'] as const) {
    const texts = await drain(queue, sink)
    if (texts.length + settled[sink].size !== appended) throw new Error(`${sink}: ${texts.length} and ${settled[sink].size} of ${appended}`)
    for (const text of texts) if (text !== bulkText(Number.parseInt(text, 10), size)) throw new Error(`${sink} read ${text.slice(0, 40)}`)
  }
}

function check({ batch }: Lease): void {
  if (batch.ends.length === 0) return // forgotten
  const numbers = batch.seqs.flatMap(([from, through]) => Array.from({ length: through - from + 1 }, (_, i) => from + i))
  for (const [i, text] of textsOf(batch).entries()) {
    if (text !== bulkText(numbers[i] as number, size)) throw new Error(`message ${numbers[i]} became ${text.slice(0, 40)}`)
  }
}

function numbersOf({ batch }: Lease): number[] {
  return batch.seqs.flatMap(([from, through]) => Array.from({ length: through - from + 1 }, (_, i) => from + i))
}
