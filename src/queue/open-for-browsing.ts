import type { Seq, StoredBatch } from '../core/batch.ts'
import { type DeadLetter, type DeadLetters, sourceLetters } from '../core/dead-letter.ts'
import { RelayError } from '../core/errors.ts'
import type { Ledger } from '../core/ledger.ts'
import type { QueueStatus } from '../core/queue.ts'
import { browseBatches } from './browse-batches.ts'
import { type LoadedLetters, loadLetters } from './dead-letters/load-letters.ts'
import { letterPage, type Page } from './dead-letters/stored-letters.ts'
import { inspectQueue } from './doctor/inspect-queue.ts'
import { openStore } from './doctor/open-store.ts'
import { openFailure, probeLock, type Store } from './leveldb.ts'
import { type LoadedState, loadState } from './load-state.ts'
import { segmentBytes } from './segments/segmented-store.ts'
import { SinkCursor } from './sink-cursor.ts'
import { readWatermark } from './watermark.ts'

/** A queue without a relay: for looking only. */
export interface BrowsedQueue {
  status(): QueueStatus
  ledger(): Ledger
  browse(fromSeq: number, signal: AbortSignal): AsyncIterable<StoredBatch>
  readonly deadLetters: Pick<DeadLetters, 'held' | 'read'>
  close(): Promise<void>
}

/**
 * Opens the queue of a relay that does not run, and changes none of its records. Rejects with QUEUE_IN_USE when the relay runs,
 * with QUEUE_FAILED when nothing is there, and with QUEUE_DAMAGED when only a start should open it, which repairs it.
 */
export async function openForBrowsing(directory: string): Promise<BrowsedQueue> {
  try {
    await probeLock(directory)
    const { state, reasons } = await inspectQueue(directory)
    if (state === 'new') throw new RelayError('QUEUE_FAILED', `there is no queue in ${directory}`)
    if (state === 'doubtful') {
      const hint = 'start the relay: it repairs the queue and keeps a copy of the old files'
      throw new RelayError('QUEUE_DAMAGED', `the queue ${directory} is damaged: ${reasons.join(', ')}`, { hint })
    }
    const watermark = await readWatermark(directory)
    const opened = await openStore(directory, segmentBytes(0))
    const { db } = opened
    try {
      const loaded = await loadState(opened, watermark, 'all')
      const cursors = [...loaded.cursors].map(([sink, record]) => new SinkCursor(sink, record))
      return browsed(db, loaded, cursors, await loadLetters(opened, cursors))
    } catch (error) {
      await db.close()
      throw error
    }
  } catch (error) {
    throw openFailure(directory, error) ?? RelayError.from(error, 'QUEUE_FAILED', `the queue ${directory} cannot be opened`)
  }
}

function browsed(
  db: Store,
  { head, queueId }: LoadedState,
  cursors: readonly SinkCursor[],
  { letters, sourceEnd }: LoadedLetters,
): BrowsedQueue {
  const oldest = Math.min(head.nextSeq, ...cursors.map((cursor) => cursor.seq))
  const held = [...letters.values()].map((ofSink) => ofSink.held).filter(({ messages }) => messages > 0)
  const status: QueueStatus = {
    condition: 'closed',
    queueId,
    messages: head.nextSeq - oldest,
    bytes: Math.max(0, ...cursors.map((cursor) => cursor.waitingBytes(head.position))),
    maxBytes: 0,
    nextSeq: head.nextSeq,
    cursors: Object.fromEntries(cursors.map((cursor) => [cursor.sink, cursor.seq])),
    deadLetters: Object.fromEntries([...cursors.map(({ sink }) => [sink, 0]), ...held.map(({ sink, messages }) => [sink, messages])]),
  }
  const { received, dropped } = head.intake
  const sinks = Object.fromEntries(cursors.map((cursor) => [cursor.sink, cursor.ledger(head.nextSeq, dropped)]))
  const firstBatch = Math.min(head.nextSeq, ...cursors.map((cursor) => cursor.batch))
  /** Letters from here on are taken back by the next start. */
  const endOf = (sink: string) =>
    cursors.find((cursor) => cursor.sink === sink)?.seq ?? (sink === sourceLetters ? sourceEnd : Number.POSITIVE_INFINITY)
  return {
    status: () => status,
    ledger: () => ({ received, dropped, sinks }),
    browse: (fromSeq, signal) => browseBatches((work) => work(db), queueId, { from: Math.max(fromSeq, oldest), firstBatch, head }, signal),
    deadLetters: {
      held: () => held,
      read: (sink, fromSeq, signal) => readLetters(db, sink, { from: fromSeq, end: endOf(sink), queueId }, signal),
    },
    close: () => db.close(),
  }
}

interface LetterRange {
  readonly from: Seq
  readonly end: Seq
  readonly queueId: string
}

async function* readLetters(db: Store, sink: string, { from, end, queueId }: LetterRange, signal: AbortSignal): AsyncGenerator<DeadLetter> {
  for (let at: Seq | undefined = from; at !== undefined && !signal.aborted; ) {
    const { letters, next }: Page<DeadLetter> = await letterPage(db, sink, [at, end - 1], queueId)
    yield* letters
    at = next
  }
}
