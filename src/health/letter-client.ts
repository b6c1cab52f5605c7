import type { LetterSelection, ReplayStep } from '../core/dead-letter.ts'
import { type ControlOptions, objects } from './control-client.ts'
import type { PipelineLetters, ShownLetter } from './letter-routes.ts'

/*
 * The dead letters of a running relay. These reject as the others of control-client.ts do; leaving a loop ends what it asked for,
 * a replay too.
 */

/** Of one pipeline, or of all. */
export async function* sortedLetters(
  socketPath: string,
  pipeline: string | undefined,
  options: ControlOptions = {},
): AsyncGenerator<PipelineLetters> {
  const query = new URLSearchParams(pipeline === undefined ? {} : { pipeline })
  for await (const line of objects(socketPath, 'GET', `/deadletters?${query}`, options)) yield line as PipelineLetters
}

export interface LetterRange extends LetterSelection {
  readonly limit?: number
}

export async function* deadLetters(
  socketPath: string,
  pipeline: string,
  sink: string,
  { limit, ...selection }: LetterRange,
  options: ControlOptions = {},
): AsyncGenerator<ShownLetter> {
  const query = queryOf(selection)
  if (limit !== undefined) query.set('limit', String(limit))
  for await (const line of objects(socketPath, 'GET', `${pathOf(pipeline, sink)}?${query}`, options)) yield line as ShownLetter
}

export async function* replayLetters(
  socketPath: string,
  pipeline: string,
  sink: string,
  { dryRun, ...selection }: LetterSelection & { readonly dryRun: boolean },
  options: ControlOptions = {},
): AsyncGenerator<ReplayStep> {
  const query = queryOf(selection)
  if (dryRun) query.set('dry_run', '1')
  for await (const line of objects(socketPath, 'POST', `${pathOf(pipeline, sink)}/replay?${query}`, options)) yield line as ReplayStep
}

/** Resolves with how many were deleted; an empty selection means all. */
export async function dropLetters(
  socketPath: string,
  pipeline: string,
  sink: string,
  selection: LetterSelection,
  options: ControlOptions = {},
): Promise<number> {
  let dropped = 0
  const query = queryOf(selection)
  if (query.size === 0) query.set('all', '1')
  for await (const line of objects(socketPath, 'POST', `${pathOf(pipeline, sink)}/drop?${query}`, options)) {
    dropped = (line as { dropped: number }).dropped
  }
  return dropped
}

function pathOf(pipeline: string, sink: string): string {
  return `/deadletters/${encodeURIComponent(pipeline)}/${encodeURIComponent(sink)}`
}

function queryOf({ group, seq }: LetterSelection): URLSearchParams {
  return new URLSearchParams({ ...(group !== undefined && { group }), ...(seq !== undefined && { seq: String(seq) }) })
}
