import type { QueueCondition } from '../core/queue.ts'
import type { RelayStatus } from '../core/status.ts'
import { type Family, labelled, pipelineFamily, pipelineFigure } from './metric-family.ts'

const conditions: readonly QueueCondition[] = ['open', 'full', 'disk_full', 'failed', 'closed']

/** What came in and what waits. The ledger's counters live on disk and go on after a restart. */
export const queueFamilies: readonly Family<RelayStatus>[] = [
  pipelineFamily(
    {
      type: 'counter',
      name: 'logrelay_received_messages_total',
      help: 'Messages received, those dropped at the intake included.',
      labels: ['transport'],
    },
    (pipeline) => labelled('transport', pipeline.ledger.received),
  ),
  pipelineFamily(
    {
      type: 'counter',
      name: 'logrelay_intake_dropped_messages_total',
      help: 'Messages received but never stored, each counted once; logrelay_dropped_messages_total has them again for every sink.',
      labels: ['reason'],
    },
    (pipeline) => labelled('reason', pipeline.ledger.dropped),
  ),
  pipelineFigure(
    { type: 'gauge', name: 'logrelay_queue_messages', help: 'Messages that wait for the slowest sink.' },
    (pipeline) => pipeline.queue.messages,
  ),
  pipelineFigure(
    {
      type: 'gauge',
      name: 'logrelay_queue_bytes',
      help: 'Bytes on disk (compressed) that wait for the slowest sink; they count against logrelay_queue_max_bytes.',
    },
    (pipeline) => pipeline.queue.bytes,
  ),
  pipelineFigure(
    { type: 'gauge', name: 'logrelay_queue_max_bytes', help: "The queue's limit: queue.max_size." },
    (pipeline) => pipeline.queue.maxBytes,
  ),
  pipelineFamily(
    {
      type: 'gauge',
      name: 'logrelay_queue_condition',
      help: '1 for the condition that the queue is in, 0 for the others. Only an open queue takes messages.',
      labels: ['condition'],
    },
    ({ queue }) => conditions.map((condition) => [{ condition }, Number(condition === queue.condition)]),
  ),
  pipelineFamily(
    {
      type: 'gauge',
      name: 'logrelay_queue_oldest_timestamp_seconds',
      help: 'When the oldest waiting message was received (Unix time); left out while it is not known.',
    },
    ({ queue }) => (queue.oldestAtMs === undefined ? [] : [[{}, queue.oldestAtMs / 1000]]),
  ),
  pipelineFamily(
    {
      type: 'gauge',
      name: 'logrelay_dead_letters',
      help: 'Rejected messages that are kept on disk.',
      labels: ['sink'],
    },
    (pipeline) => labelled('sink', pipeline.queue.deadLetters),
  ),
]
