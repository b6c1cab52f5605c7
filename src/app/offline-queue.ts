import { stat } from 'node:fs/promises'
import { messagesFrom } from '../batch/messages.ts'
import { RelayError } from '../core/errors.ts'
import type { QueueStatus } from '../core/queue.ts'
import { type QueuedMessage, queuedMessagesOf } from '../health/message-stream.ts'
import { type BrowsedQueue, openForBrowsing } from '../queue/open-for-browsing.ts'
import type { MessageRange } from './control.ts'
import { queueDirectory } from './paths.ts'

/*
 * A queue on disk while no relay runs: looked at, never changed. Both reject with PIPELINE_UNKNOWN where there is none, and
 * as openForBrowsing does.
 */

export async function offlineQueue(dataDir: string, pipeline: string): Promise<{ queue: QueueStatus }> {
  const queue = await openOffline(dataDir, pipeline)
  try {
    return { queue: queue.status() }
  } finally {
    await queue.close()
  }
}

export async function* offlineMessages(
  dataDir: string,
  pipeline: string,
  { from = 0, limit }: MessageRange,
): AsyncGenerator<QueuedMessage> {
  const queue = await openOffline(dataDir, pipeline)
  try {
    let left = limit
    for await (const batch of queue.browse(from, new AbortController().signal)) {
      const wanted = messagesFrom(batch, from)
      if (wanted === undefined) continue
      for (const message of queuedMessagesOf(wanted)) {
        if (left-- === 0) return
        yield message
      }
    }
  } finally {
    await queue.close()
  }
}

/** The caller closes it. */
export async function openOffline(dataDir: string, pipeline: string): Promise<BrowsedQueue> {
  const directory = queueDirectory(dataDir, pipeline)
  const found = await stat(directory).catch(() => undefined)
  if (found?.isDirectory()) return openForBrowsing(directory)
  throw new RelayError('PIPELINE_UNKNOWN', `there is no queue of a pipeline ${pipeline} in ${dataDir}`, {
    hint: 'no relay has run with this pipeline and data_dir, or this user may not look into it',
  })
}
