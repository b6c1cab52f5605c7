import type { QueueStatus } from '../core/queue.ts'
import type { SinkStatus } from '../core/status.ts'

interface Facts {
  readonly taking: boolean
  readonly queue: QueueStatus
  readonly sinks: Readonly<Record<string, SinkStatus>>
}

/** What a person who reads /readyz or `logrelay status` should know about a pipeline, the worst first. */
export function reasonsOf({ taking, queue, sinks }: Facts): string[] {
  const reasons: string[] = []
  if (!taking) reasons.push('the pipeline is not running: its ports are closed')
  if (queue.condition === 'full') reasons.push(`the queue is full: ${queue.bytes} of ${queue.maxBytes} bytes wait for the slowest sink`)
  if (queue.condition === 'disk_full') reasons.push('the disk is full: less than min_free_disk is left')
  if (queue.condition === 'failed') reasons.push('the queue on disk fails and is being reopened')
  if (queue.detail !== undefined) reasons.push(queue.detail)
  for (const [name, sink] of Object.entries(sinks)) {
    if (sink.error !== undefined && sink.failingSinceMs !== undefined) {
      reasons.push(`sink ${name} fails since ${new Date(sink.failingSinceMs).toISOString()}: ${sink.error.message}; messages wait on disk`)
    }
  }
  return reasons
}
