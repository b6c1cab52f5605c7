import { LevelQueue } from '../../src/queue/level-queue.ts'
import { bulkBatch, drain, never, queueConfig, recordingLogger, take } from './queue-fixtures.ts'

/** How a queue to be damaged is filled: enough for several segments, partly delivered to `a`, not at all to `b`. */
export const filling = { batches: 40, messages: 50, size: 800, delivered: 3, sinks: ['a', 'b'] }
/** Small, so that segments are small. */
export const fillingConfig = queueConfig({ max_size: 8 * 2 ** 20 })

export function fillingQueue(directory: string, logger = recordingLogger()): LevelQueue {
  return new LevelQueue({ directory, config: fillingConfig, minFreeDisk: 0, sinks: filling.sinks, pipeline: 'p' }, { logger })
}

export async function fill(queue: LevelQueue): Promise<void> {
  const { batches, messages, size, delivered } = filling
  for (let i = 0; i < batches; i++) {
    await take(queue, bulkBatch(i * messages, messages, size)).stored
    if (i < delivered) await drain(queue, 'a')
  }
}

const [directory] = process.argv.slice(2)
if (import.meta.main && directory !== undefined) {
  const queue = fillingQueue(directory)
  await queue.start()
  await fill(queue)
  process.stdout.write('filled\n')
  await queue.room(never) // open until it is killed
  setInterval(() => undefined, 60_000)
}
