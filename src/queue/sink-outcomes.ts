import type { StoredBatch } from '../core/batch.ts'
import type { Logger } from '../core/logger.ts'
import type { Rejected } from '../core/queue.ts'
import type { ConditionBoard } from './condition-board.ts'
import type { DeadLetters } from './dead-letters.ts'
import type { Op } from './leveldb.ts'
import type { SinkCursor } from './sink-cursor.ts'
import type { StoreKeeper } from './store-keeper.ts'

export interface OutcomeTools {
  readonly keeper: Pick<StoreKeeper, 'use'>
  readonly board: ConditionBoard
  readonly logger: Logger
  readonly letters: ReadonlyMap<string, DeadLetters>
  /** A cursor moved: has it written with these operations. */
  moved(cursor: SinkCursor, ops: readonly Op[]): Promise<void>
  /** Has these operations in the next write. */
  write(ops: readonly Op[]): Promise<void>
}

/** What becomes of messages at their sinks: settled, dead letters, found damaged. */
export class SinkOutcomes {
  readonly #tools: OutcomeTools
  readonly #evicting = new Map<string, Promise<void>>()
  readonly #damaged = new Map<string, number>()

  constructor(tools: OutcomeTools) {
    this.#tools = tools
  }

  /** Dead letters, ledger and cursor are one write. */
  settled(cursor: SinkCursor, batch: StoredBatch, rejected: readonly Rejected[]): Promise<void> {
    const letters = this.#tools.letters.get(cursor.sink)
    const ops = letters === undefined ? [] : rejected.flatMap(({ seqs, error }) => letters.add(batch, [seqs], error))
    const written = this.#tools.moved(cursor, ops)
    if (letters?.full === true) this.#evict(letters, cursor.sink, written)
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

  /** Resolves when no dead letters are being deleted. */
  async idle(): Promise<void> {
    while (this.#evicting.size > 0) await Promise.all(this.#evicting.values())
  }

  /** Beside the data path, and one at a time for each sink: two would count the same letters twice. */
  #evict(letters: DeadLetters, sink: string, written: Promise<void>): void {
    if (this.#evicting.has(sink)) return
    const { logger } = this.#tools
    const round = written
      .then(() => this.#makeRoom(letters, sink))
      .catch((error: unknown) => {
        logger.error({ code: 'INTERNAL', sink, err: error }, 'deleting the oldest dead letters failed')
        return false
      })
      .then((made) => {
        this.#evicting.delete(sink)
        // Meanwhile more may have come, and the settle that brought them saw a round under way.
        if (made && letters.full) this.#evict(letters, sink, Promise.resolve())
      })
    this.#evicting.set(sink, round)
  }

  /** Answers whether anything was deleted. */
  async #makeRoom(letters: DeadLetters, sink: string): Promise<boolean> {
    const { keeper, logger, write } = this.#tools
    const surplus = await keeper.use((db) => letters.findSurplus(db))
    if (surplus === undefined || surplus.length === 0) return false
    logger.warn({ sink, messages: surplus.length }, 'too many dead letters: the oldest were deleted')
    await write(letters.evict(surplus))
    const range = letters.uncompacted()
    if (range !== undefined) await keeper.use((db) => db.compactRange(...range))
    return true
  }
}
