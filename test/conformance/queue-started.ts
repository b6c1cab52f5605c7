import type { Test } from 'tap'
import type { Lease, Queue } from '../../src/core/queue.ts'
import { deadline, never } from '../queue/queue-fixtures.ts'
import type { QueueMaker } from './queue-model.ts'

/** Started, and stopped at the test's end. */
export async function started(t: Test, maker: QueueMaker, sinks: readonly string[] = ['a']): Promise<Queue> {
  const queue = maker.make(sinks)
  await queue.start()
  t.teardown(() => queue.stop(deadline()))
  return queue
}

export async function leaseOf(queue: Queue, sink = 'a'): Promise<Lease> {
  const lease = await queue.reader(sink).lease(2 ** 20, never)
  if (lease === undefined) throw new Error('no lease')
  return lease
}
