import { selects } from '../batch/letter-groups.ts'
import type { Seq } from '../core/batch.ts'
import { type DeadLetters, type LetterSelection, type ReplayProgress, sourceLetters } from '../core/dead-letter.ts'
import { RelayError } from '../core/errors.ts'
import type { Source } from '../core/source.ts'
import { untilAbort } from '../retry/until-abort.ts'

/**
 * Asks the source to try again what it could not read: what it takes back is no dead letter any more, and becomes a new one
 * if it fails again. What it makes no sense of stays, with the new reason.
 */
export async function* retrySource(
  source: Pick<Source, 'retry'>,
  letters: DeadLetters,
  { selection, through }: { readonly selection: LetterSelection; readonly through: Seq },
  signal: AbortSignal,
): AsyncGenerator<ReplayProgress> {
  let progress: ReplayProgress = { delivered: 0, refused: 0 }
  for await (const letter of letters.read(sourceLetters, selection.seq ?? 0, signal)) {
    if (letter.seq > through) return
    if (!selects(selection, letter)) continue
    const seqs = [letter.seq, letter.seq] as const
    const error = await untilAbort(tried(source, letter.bytes), signal)
    if (signal.aborted) return
    if (error === undefined) await letters.settle(sourceLetters, [seqs], 'deleted')
    else await letters.refuse(sourceLetters, [{ seqs, error }])
    const { delivered, refused } = progress
    progress = error === undefined ? { delivered: delivered + 1, refused } : { delivered, refused: refused + 1 }
    yield progress
  }
}

async function tried(source: Pick<Source, 'retry'>, bytes: Buffer): Promise<RelayError | undefined> {
  try {
    await source.retry?.(bytes)
    return undefined
  } catch (error) {
    return RelayError.from(error, 'OBJECT_UNREADABLE')
  }
}
