import type { IncomingMessage } from 'node:http'
import type { Seq } from '../core/batch.ts'
import { RelayError } from '../core/errors.ts'
import type { PipelineStatus, RelayStatus } from '../core/status.ts'
import { ask, errorOf, failed, isErrorBody, readWithin } from './control-request.ts'
import type { QueuedMessage } from './message-stream.ts'

export interface ControlOptions {
  /** How long the relay may stay silent. */
  readonly timeoutMs?: number
}

const defaultTimeoutMs = 10_000
// A status of thousands of pipelines stays far below it.
const maxJsonBytes = 64 * 2 ** 20

/*
 * All of these reject with NOT_RUNNING when nobody listens on the socket, with the relay's own error where it sends one
 * (PIPELINE_UNKNOWN), and with CONTROL_FAILED for everything else.
 */

export async function getStatus(socketPath: string, options: ControlOptions = {}): Promise<RelayStatus> {
  return (await json(socketPath, 'GET', '/status', options)) as RelayStatus
}

export async function getQueue(socketPath: string, pipeline: string, options: ControlOptions = {}): Promise<PipelineStatus> {
  return (await json(socketPath, 'GET', `/queues/${encodeURIComponent(pipeline)}`, options)) as PipelineStatus
}

/** Asks the relay to drain and end; resolves when it has understood, not when it is done. */
export async function drain(socketPath: string, options: ControlOptions = {}): Promise<void> {
  await json(socketPath, 'POST', '/drain', options)
}

/** Waiting messages in order, from number `from` on, `limit` at most. Ending the loop early ends the request. */
export async function* queueMessages(
  socketPath: string,
  pipeline: string,
  options: ControlOptions & { readonly from?: Seq; readonly limit?: number } = {},
): AsyncGenerator<QueuedMessage> {
  const query = new URLSearchParams()
  if (options.from !== undefined) query.set('from', String(options.from))
  if (options.limit !== undefined) query.set('limit', String(options.limit))
  const path = `/queues/${encodeURIComponent(pipeline)}/messages?${query}`
  for await (const message of objects(socketPath, 'GET', path, options)) yield message as QueuedMessage
}

/** Objects in lines, of which the last may be the relay's error. */
export async function* objects(socketPath: string, method: string, path: string, options: ControlOptions): AsyncGenerator<object> {
  const { timeoutMs = defaultTimeoutMs } = options
  for await (const line of lines(await ask(socketPath, method, path, timeoutMs), timeoutMs)) {
    const value = parse(line)
    if (isErrorBody(value)) throw errorOf(value)
    yield value
  }
}

async function json(socketPath: string, method: string, path: string, { timeoutMs = defaultTimeoutMs }: ControlOptions): Promise<unknown> {
  let text = ''
  for await (const piece of readWithin(await ask(socketPath, method, path, timeoutMs), timeoutMs)) {
    text += piece
    if (text.length > maxJsonBytes) throw failed('the answer does not end')
  }
  return parse(text)
}

async function* lines(response: IncomingMessage, timeoutMs: number): AsyncGenerator<string> {
  let rest = ''
  for await (const piece of readWithin(response, timeoutMs)) {
    const parts = (rest + piece).split('\n')
    rest = parts.pop() ?? ''
    yield* parts.filter((line) => line !== '') // an empty one says that the relay still works on it
  }
  if (rest !== '') throw failed('the last line is not whole')
}

/** The relay is of our own kind, mostly of our own version: its JSON is taken at its word, if it is an object at all. */
function parse(text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value
  } catch (error) {
    throw failed('the answer is not JSON', error)
  }
  throw new RelayError('CONTROL_FAILED', 'the answer is not a JSON object')
}
