import type { QueueCondition, QueueStatus } from '../core/queue.ts'
import type { SourceStats } from '../core/source.ts'
import type { SinkStatus } from '../core/status.ts'

interface Facts {
  readonly taking: boolean
  readonly source: SourceStats
  readonly queue: QueueStatus
  readonly sinks: Readonly<Record<string, SinkStatus>>
}

const troubles: Partial<Record<QueueCondition, string>> = {
  full: 'the queue is full',
  disk_full: 'the disk is full',
  failed: 'the queue on disk fails and is being reopened',
}

/** What a person who reads /readyz or `logrelay status` should know about a pipeline, the worst first. */
export function reasonsOf({ taking, source, queue, sinks }: Facts): string[] {
  const reasons: string[] = []
  const { polling } = source
  if (!taking) reasons.push(`the pipeline is not running: ${polling === undefined ? 'its ports are closed' : 'nothing is read'}`)
  const trouble = troubles[queue.condition]
  // The detail says more of the trouble where there is one; without, what was repaired at the start.
  const said = [trouble, queue.detail].filter((text) => text !== undefined)
  if (said.length > 0) reasons.push(said.join(': '))
  if (polling?.error !== undefined && polling.failingSinceMs !== undefined) {
    const since = new Date(polling.failingSinceMs).toISOString()
    reasons.push(`the source fails since ${since}: ${polling.error.message}; nothing is read until it works again`)
  }
  for (const [name, sink] of Object.entries(sinks)) {
    if (sink.error !== undefined && sink.failingSinceMs !== undefined) {
      reasons.push(`sink ${name} fails since ${new Date(sink.failingSinceMs).toISOString()}: ${sink.error.message}; messages wait on disk`)
    }
  }
  return reasons
}
