import type { PipelineStatus, RelayStatus } from '../core/status.ts'
import * as client from '../health/control-client.ts'
import { controlSocketPath } from '../health/control-socket.ts'
import type { QueuedMessage } from '../health/message-stream.ts'

/*
 * A running relay, asked through the socket in its data directory. All of these reject with NOT_RUNNING when there is none.
 */

export type { QueuedMessage }

/** Which messages to show: `limit` of them from number `from` on, or from the oldest that waits. */
export interface MessageRange {
  readonly from?: number
  readonly limit: number
}

export function getStatus(dataDir: string): Promise<RelayStatus> {
  return client.getStatus(controlSocketPath(dataDir))
}

export function getQueue(dataDir: string, pipeline: string): Promise<PipelineStatus> {
  return client.getQueue(controlSocketPath(dataDir), pipeline)
}

export function queueMessages(dataDir: string, pipeline: string, range: MessageRange): AsyncIterable<QueuedMessage> {
  return client.queueMessages(controlSocketPath(dataDir), pipeline, range)
}

export function drain(dataDir: string): Promise<void> {
  return client.drain(controlSocketPath(dataDir))
}
