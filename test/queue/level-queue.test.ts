import t from 'tap'
import { LevelQueue } from '../../src/queue/level-queue.ts'
import { queueConformance } from '../conformance/queue-conformance.ts'
import { shortDir } from '../support/short-dir.ts'
import { queueConfig, recordingLogger } from './queue-fixtures.ts'

let made = 0

for (const durability of ['always', 'assisted'] as const) {
  t.test(durability, async (t) => {
    const root = shortDir(t)
    await queueConformance(t, () => {
      const directory = `${root}/queue-${made++}`
      const config = queueConfig({ durability })
      return { make: (sinks) => new LevelQueue({ directory, config, minFreeDisk: 0, sinks, pipeline: 'p' }, { logger: recordingLogger() }) }
    })
  })
}
