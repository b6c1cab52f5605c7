import type { StoredBatch } from '../core/batch.ts'
import type { Rejected } from '../core/dead-letter.ts'
import type { Logger } from '../core/logger.ts'
import type { ConditionBoard } from './condition-board.ts'
import type { LetterBox } from './dead-letters/letter-box.ts'
import type { Op } from './leveldb.ts'
import type { SinkCursor } from './sink-cursor.ts'

export interface OutcomeTools {
  readonly board: ConditionBoard
  readonly logger: Logger
  readonly letters: Pick<LetterBox, 'reject' | 'tidy'>
  /** A cursor moved: has it written with these operations. */
  moved(cursor: SinkCursor, ops: readonly Op[]): Promise<void>
}

/** What becomes of messages at their sinks: settled, dead letters, found damaged. */
export class SinkOutcomes {
  readonly #tools: OutcomeTools
  readonly #damaged = new Map<string, number>()

  constructor(tools: OutcomeTools) {
    this.#tools = tools
  }

  /** Dead letters, ledger and cursor are one write. */
  settled(cursor: SinkCursor, batch: StoredBatch, rejected: readonly Rejected[]): Promise<void> {
    const { letters, moved } = this.#tools
    const written = moved(cursor, letters.reject(cursor.sink, batch, rejected))
    if (rejected.length > 0) letters.tidy(cursor.sink, written)
    return written
  }

  /** Messages that cannot be read any more; the cursor has counted them. */
  damaged(cursor: SinkCursor, messages: number): void {
    const { sink } = cursor
    const { logger, board, moved } = this.#tools
    logger.error({ code: 'QUEUE_DAMAGED', sink, messages }, 'stored messages are damaged or gone; they are counted as dropped')
    this.#damaged.set(sink, (this.#damaged.get(sink) ?? 0) + messages)
    const losses = [...this.#damaged].map(([name, lost]) => `${lost} messages for ${name}`).join(', ')
    board.note('damaged', `found damaged or gone: ${losses}`)
    void moved(cursor, [])
  }
}
