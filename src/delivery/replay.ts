import { selects } from '../batch/letter-groups.ts'
import { countSeqs } from '../batch/ranges.ts'
import type { Seq, StoredBatch } from '../core/batch.ts'
import type { DeadLetters, LetterSelection, ReplayProgress } from '../core/dead-letter.ts'
import { LetterBatch } from './letter-batch.ts'
import type { Fate } from './sink-turns.ts'

/** More at once would be sent again after the relay's death. */
const maxReplayBytes = 2 ** 20

export interface ReplayTools {
  readonly letters: DeadLetters
  readonly sink: string
  /** Answers when the fate of every message is known; at once when the replay is stopped. */
  readonly send: (batch: StoredBatch) => Promise<Fate>
  readonly maxBatchBytes: number
}

export interface ReplayRange {
  readonly selection: LetterSelection
  /** What becomes a dead letter while it runs is not its business: a sink that refuses everything would keep it busy for ever. */
  readonly through: Seq
}

/**
 * Sends dead letters again, a batch at a time, under the numbers that they have: a receiver that knows them by their name takes none
 * twice. What is delivered is a dead letter no more, what is refused again stays with the new reason, and the first retry
 * ends it: all that was not sent stays. Tells how far it is after each batch.
 */
export async function* replay(
  { letters, sink, send, maxBatchBytes }: ReplayTools,
  { selection, through }: ReplayRange,
  signal: AbortSignal,
): AsyncGenerator<ReplayProgress> {
  let progress: ReplayProgress = { delivered: 0, refused: 0 }
  for await (const batch of batchesOf(letters, sink, { selection, through }, Math.min(maxBatchBytes, maxReplayBytes), signal)) {
    const fate = await send(batch).finally(() => batch.memory?.release())
    if (fate.delivered.length > 0) await letters.settle(sink, fate.delivered, 'delivered')
    if (fate.rejected.length > 0) await letters.refuse(sink, fate.rejected)
    progress = {
      delivered: progress.delivered + countSeqs(fate.delivered),
      refused: progress.refused + countSeqs(fate.rejected.map(({ seqs }) => seqs)),
      ...(fate.retry && { stopped: why(fate.retry.error) }),
    }
    yield progress
    if (progress.stopped !== undefined) return
  }
}

async function* batchesOf(
  letters: DeadLetters,
  sink: string,
  { selection, through }: ReplayRange,
  maxBytes: number,
  signal: AbortSignal,
): AsyncGenerator<StoredBatch> {
  const batch = new LetterBatch(maxBytes)
  for await (const letter of letters.read(sink, selection.seq ?? 0, signal)) {
    if (letter.seq > through) break
    if (!selects(selection, letter) || batch.add(letter)) continue
    const full = batch.take()
    batch.add(letter)
    if (full !== undefined) yield full
  }
  const last = signal.aborted ? undefined : batch.take()
  if (last !== undefined) yield last
}

function why({ code, message, hint }: NonNullable<Fate['retry']>['error']): NonNullable<ReplayProgress['stopped']> {
  return { code, message, ...(hint !== undefined && { hint }) }
}
