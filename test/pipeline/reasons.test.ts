import { test } from 'tap'
import { reasonsOf } from '../../src/pipeline/reasons.ts'
import { FakeQueue } from '../support/fake-queue.ts'
import { FakeSource, idlePolling } from '../support/fake-source.ts'

test('a source that fails is told with the time, the cause and what it means', async (t) => {
  const source = new FakeSource()
  const queue = new FakeQueue().status()
  const error = { code: 'SOURCE_DENIED', message: 'the bucket logs does not let us list' }
  source.polling = { ...idlePolling, state: 'backing_off', failingSinceMs: Date.UTC(2026, 10, 22), error }
  t.same(reasonsOf({ taking: true, source: source.stats(), queue, sinks: {} }), [
    'the source fails since 2026-11-22T00:00:00.000Z: the bucket logs does not let us list; nothing is read until it works again',
  ])
  source.polling = idlePolling
  t.same(reasonsOf({ taking: true, source: source.stats(), queue, sinks: {} }), [])
  t.same(reasonsOf({ taking: false, source: source.stats(), queue, sinks: {} }), ['the pipeline is not running: nothing is read'])
})
