import { setImmediate as turn } from 'node:timers/promises'
import type { Test } from 'tap'
import { RelayError } from '../../src/core/errors.ts'
import type { Outcome } from '../../src/core/sink.ts'
import { Forwarder } from '../../src/delivery/forwarder.ts'
import { Backoff } from '../../src/retry/backoff.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { MemoryReader } from '../support/sink-memory-reader.ts'
import { ScriptedSink } from '../support/sink-scripted.ts'

export const never = new AbortController().signal
export const closed = new RelayError('ENDPOINT_CLOSED', 'connection to tcp://siem:601 lost: closed by the peer')
export const retry = (afterMs?: number, delivered: Outcome['delivered'] = []): Outcome => ({
  delivered,
  rejected: [],
  retry: { error: closed, afterMs },
})

export function setup(t: Test, { initialMs = 1, lanes = 1 } = {}) {
  const reader = new MemoryReader()
  const sink = new ScriptedSink('tcp://siem:601')
  const logger = new RecordingLogger()
  const forwarder = new Forwarder({
    pipelineName: 'nginx',
    sinkName: 'siem',
    sinkType: 'syslog',
    reader,
    sink,
    backoff: new Backoff({ initialMs, maxMs: 300_000 }, () => 0),
    maxBatchBytes: 1024,
    lanes,
    queued: () => reader.queued(),
    logger,
  })
  t.teardown(() => forwarder.stop(AbortSignal.abort()))
  return { reader, sink, logger, forwarder }
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn()
}
