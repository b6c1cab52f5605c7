import type { LetterGroup, LetterSelection, ReplayPlan, ReplayProgress, ReplayStep } from '../core/dead-letter.ts'
import type { PipelineStatus, RelayStatus } from '../core/status.ts'
import * as client from '../health/control-client.ts'
import { controlSocketPath } from '../health/control-socket.ts'
import * as letters from '../health/letter-client.ts'
import type { PipelineLetters, ShownLetter } from '../health/letter-routes.ts'
import type { QueuedMessage } from '../health/message-stream.ts'

/*
 * A running relay, asked through the socket in its data directory. All of these reject with NOT_RUNNING when there is none.
 */

export type { LetterGroup, LetterSelection, PipelineLetters, QueuedMessage, ReplayPlan, ReplayProgress, ReplayStep, ShownLetter }
export type LetterRange = letters.LetterRange
export type ReplayOptions = LetterSelection & { readonly dryRun: boolean }

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

/** The dead letters of one pipeline, or of all, sorted: a value for each sink that has some. */
export function letterGroups(dataDir: string, pipeline: string | undefined): AsyncIterable<PipelineLetters> {
  return letters.sortedLetters(controlSocketPath(dataDir), pipeline)
}

export function deadLetters(dataDir: string, pipeline: string, sink: string, range: LetterRange): AsyncIterable<ShownLetter> {
  return letters.deadLetters(controlSocketPath(dataDir), pipeline, sink, range)
}

/** Leaving the loop ends the replay. */
export function replayLetters(dataDir: string, pipeline: string, sink: string, options: ReplayOptions): AsyncIterable<ReplayStep> {
  return letters.replayLetters(controlSocketPath(dataDir), pipeline, sink, options)
}

export function dropLetters(dataDir: string, pipeline: string, sink: string, selection: LetterSelection): Promise<number> {
  return letters.dropLetters(controlSocketPath(dataDir), pipeline, sink, selection)
}
