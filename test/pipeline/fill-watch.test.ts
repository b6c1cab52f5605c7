import { test } from 'tap'
import { FillWatch } from '../../src/pipeline/fill-watch.ts'
import { FakeQueue } from '../support/fake-queue.ts'
import { RecordingLogger } from '../support/recording-logger.ts'

test('says each tenth once on the way up, and once when the queue is well again', async (t) => {
  const queue = new FakeQueue()
  const logger = new RecordingLogger()
  const watch = new FillWatch(queue, logger)
  t.teardown(() => watch.stop())
  queue.fill = 9
  await watch.start()
  for (const fill of [10, 15, 19, 45, 30, 49, 100, 150, 95, 10, 9, 0, 20]) {
    queue.fill = fill
    watch.look()
  }
  t.same(
    logger.lines.map(({ level, message }) => `${level} ${/\d+ %/.exec(message)?.[0]}`),
    ['warn 10 %', 'warn 40 %', 'warn 100 %', 'info 10 %', 'warn 20 %'],
  )
  t.match(logger.lines[1]?.fields, { queuedMessages: 45, queuedBytes: 45, maxBytes: 100 })
})
