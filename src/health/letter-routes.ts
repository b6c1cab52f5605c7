import type { IncomingMessage, ServerResponse } from 'node:http'
import { groupIdOf } from '../batch/letter-groups.ts'
import type { Seq } from '../core/batch.ts'
import type { DeadLetter, LetterSelection, ReplayStep, SortedLetters } from '../core/dead-letter.ts'
import { RelayError } from '../core/errors.ts'
import { sendError } from './answers.ts'
import { allow, decode, notFound, whileAsked, wholeNumber } from './control-route.ts'
import { streamLines } from './line-stream.ts'

/** The dead letters of a sink of a pipeline, sorted: a line of JSON. */
export interface PipelineLetters extends SortedLetters {
  readonly pipeline: string
}

/** A dead letter as a line of JSON. `bytes` is base64, `group` the id of its group. */
export interface ShownLetter extends Omit<DeadLetter, 'bytes'> {
  readonly group: string
  readonly bytes: string
}

/** The dead letters of all pipelines. Each throws PIPELINE_UNKNOWN where there is no such pipeline or sink. */
export interface LetterOffice {
  sorted(pipeline: string | undefined, signal: AbortSignal): AsyncIterable<PipelineLetters>
  read(pipeline: string, sink: string, selection: LetterSelection, from: Seq, signal: AbortSignal): AsyncIterable<DeadLetter>
  replay(
    pipeline: string,
    sink: string,
    selection: LetterSelection,
    options: { dryRun: boolean },
    signal: AbortSignal,
  ): AsyncIterable<ReplayStep>
  drop(pipeline: string, sink: string, selection: LetterSelection, signal: AbortSignal): Promise<number>
}

export function shownLetter(letter: DeadLetter): ShownLetter {
  return { ...letter, group: groupIdOf(letter.code, letter.reason), bytes: letter.bytes.toString('base64') }
}

/**
 * Below `/deadletters`, each answer a JSON object a line, the last of which may be an error: GET ?pipeline=,
 * GET /:pipeline/:sink?from=&limit=&group=&seq=, POST /:pipeline/:sink/replay?group=&seq=&dry_run=1,
 * POST /:pipeline/:sink/drop?group=&seq=, or all=1.
 */
export class LetterRoutes {
  readonly #office: LetterOffice
  readonly #stopping: AbortSignal

  constructor(office: LetterOffice, stopping: AbortSignal) {
    this.#office = office
    this.#stopping = stopping
  }

  async route(parts: readonly string[], query: URLSearchParams, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [pipeline, sink, action] = parts.map(decode)
    const known = parts.length === 0 || parts.length === 2 || action === 'replay' || action === 'drop'
    if (!known || parts.length > 3) return notFound(response)
    if (!allow(request, response, action === undefined ? 'GET' : 'POST')) return
    const signal = whileAsked(response, this.#stopping)
    try {
      const answer =
        pipeline === undefined || sink === undefined
          ? this.#office.sorted(query.get('pipeline') ?? undefined, signal)
          : this.#ofSink(pipeline, sink, action, query, signal)
      await streamLines(answer, response, signal)
    } catch (thrown) {
      if (response.headersSent || !(thrown instanceof RelayError)) throw thrown
      sendError(response, thrown.code === 'PIPELINE_UNKNOWN' ? 404 : 409, thrown)
    }
  }

  #ofSink(pipeline: string, sink: string, action: string | undefined, query: URLSearchParams, signal: AbortSignal): AsyncIterable<object> {
    const selection = selectionOf(query)
    if (action === 'replay') return this.#office.replay(pipeline, sink, selection, { dryRun: query.get('dry_run') === '1' }, signal)
    if (action === 'drop') {
      // A parameter that was written wrongly must not delete everything.
      const chosen = selection.group !== undefined || selection.seq !== undefined
      if (chosen === (query.get('all') === '1')) throw new RelayError('CONTROL_FAILED', 'drop wants group or seq, or all=1')
      return this.#dropped(pipeline, sink, selection, signal)
    }
    const [from, limit] = [wholeNumber(query.get('from'), 0), wholeNumber(query.get('limit'), Number.MAX_SAFE_INTEGER)]
    if (from === undefined || limit === undefined) throw notWhole()
    return shown(this.#office.read(pipeline, sink, selection, from, signal), limit)
  }

  async *#dropped(pipeline: string, sink: string, selection: LetterSelection, signal: AbortSignal): AsyncGenerator<object> {
    yield { dropped: await this.#office.drop(pipeline, sink, selection, signal) }
  }
}

async function* shown(letters: AsyncIterable<DeadLetter>, limit: number): AsyncGenerator<ShownLetter> {
  let left = limit
  if (left > 0) {
    for await (const letter of letters) {
      yield shownLetter(letter)
      if (--left === 0) return
    }
  }
}

function selectionOf(query: URLSearchParams): LetterSelection {
  const group = query.get('group')
  const seq = wholeNumber(query.get('seq'), -1)
  if (seq === undefined) throw notWhole()
  return { ...(group !== null && { group }), ...(seq >= 0 && { seq }) }
}

function notWhole(): RelayError {
  return new RelayError('CONTROL_FAILED', 'from, limit and seq must be whole numbers of 0 and above')
}
