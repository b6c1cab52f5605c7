import type { QueueStatus } from '../core/queue.ts'
import type { ConditionBoard } from './condition-board.ts'
import type { LetterBox } from './dead-letters/letter-box.ts'
import type { QueueBooks } from './queue-books.ts'
import type { RecentBatches } from './recent-batches.ts'

export interface StatusParts {
  readonly books: QueueBooks
  readonly board: ConditionBoard
  readonly maxBytes: number
  readonly letters: LetterBox
  readonly recent: RecentBatches
}

/** A queue's figures; reads nothing from disk. */
export function queueStatus({ books, board, maxBytes, letters, recent }: StatusParts): QueueStatus {
  const { cursors, queueId, bytes, oldestSeq } = books
  const { nextSeq } = books.readable
  const slowest = cursors.toSorted((a, b) => a.seq - b.seq)[0]
  const oldestAtMs = slowest?.oldestAtMs ?? recent.timeOf(slowest?.batch ?? nextSeq)
  return {
    ...board.status(),
    queueId,
    messages: nextSeq - oldestSeq,
    bytes,
    maxBytes,
    nextSeq,
    ...(oldestAtMs === undefined ? {} : { oldestAtMs }),
    cursors: Object.fromEntries(cursors.map((cursor) => [cursor.sink, cursor.seq])),
    deadLetters: letters.counts(),
  }
}
