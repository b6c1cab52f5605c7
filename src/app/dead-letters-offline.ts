import { LetterGroups, selects } from '../batch/letter-groups.ts'
import { RelayError } from '../core/errors.ts'
import type { LetterRange } from '../health/letter-client.ts'
import { type PipelineLetters, type ShownLetter, shownLetter } from '../health/letter-routes.ts'
import { openOffline } from './offline-queue.ts'

const never = new AbortController().signal

/*
 * Dead letters on disk while no relay runs: looked at, never changed. Both reject with PIPELINE_UNKNOWN where there is no
 * such queue, and as openForBrowsing does.
 */

export async function* offlineLetterGroups(dataDir: string, pipeline: string): AsyncGenerator<PipelineLetters> {
  const queue = await openOffline(dataDir, pipeline)
  try {
    for (const held of queue.deadLetters.held()) {
      const groups = new LetterGroups()
      for await (const letter of queue.deadLetters.read(held.sink, 0, never)) groups.add(letter)
      yield { pipeline, ...held, groups: groups.list() }
    }
  } finally {
    await queue.close()
  }
}

export async function* offlineDeadLetters(
  dataDir: string,
  pipeline: string,
  sink: string,
  { limit = Number.MAX_SAFE_INTEGER, ...selection }: LetterRange,
): AsyncGenerator<ShownLetter> {
  const queue = await openOffline(dataDir, pipeline)
  try {
    const sinks = Object.keys(queue.status().deadLetters)
    if (!sinks.includes(sink)) {
      const hint = `there is ${sinks.join(', ')}`
      throw new RelayError('PIPELINE_UNKNOWN', `the pipeline has no sink ${JSON.stringify(sink)}`, { hint })
    }
    let left = limit
    for await (const letter of queue.deadLetters.read(sink, selection.seq ?? 0, never)) {
      if (left === 0 || (selection.seq !== undefined && letter.seq > selection.seq)) return
      if (!selects(selection, letter)) continue
      yield shownLetter(letter)
      left--
    }
  } finally {
    await queue.close()
  }
}
