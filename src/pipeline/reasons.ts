import type { QueueCondition, QueueStatus } from '../core/queue.ts'
import type { SinkStatus } from '../core/status.ts'

interface Facts {
  readonly taking: boolean
  readonly queue: QueueStatus
  readonly sinks: Readonly<Record<string, SinkStatus>>
}

const troubles: Partial<Record<QueueCondition, string>> = {
  full: 'the queue is full',
  disk_full: 'the disk is full',
  failed: 'the queue on disk fails and is being reopened',
}

/** What a person who reads /readyz or `logrelay status` should know about a pipeline, the worst first. */
export function reasonsOf({ taking, queue, sinks }: Facts): string[] {
  const reasons: string[] = []
  if (!taking) reasons.push('the pipeline is not running: its ports are closed')
  const trouble = troubles[queue.condition]
  // The detail says more of the trouble where there is one; without, what was repaired at the start.
  const said = [trouble, queue.detail].filter((text) => text !== undefined)
  if (said.length > 0) reasons.push(said.join(': '))
  for (const [name, sink] of Object.entries(sinks)) {
    if (sink.error !== undefined && sink.failingSinceMs !== undefined) {
      reasons.push(`sink ${name} fails since ${new Date(sink.failingSinceMs).toISOString()}: ${sink.error.message}; messages wait on disk`)
    }
  }
  return reasons
}
