import type { QueueConfig } from '../config/schema.ts'
import type { Logger } from '../core/logger.ts'
import type { ConditionBoard } from './condition-board.ts'
import type { QueueBooks } from './queue-books.ts'

const maxPendingBytes = 16 * 2 ** 20
/** A full queue opens again at this part of its limit. */
const reopenAt = 0.9

/** Compares what a queue holds with its limit, and decides what becomes of a new batch. */
export class IntakeLimits {
  readonly #config: QueueConfig
  readonly #books: QueueBooks
  readonly #board: ConditionBoard
  readonly #logger: Logger
  /** Bytes that may be taken and not yet stored. */
  readonly #pendingLimit: number
  #dropping = false

  constructor(config: QueueConfig, books: QueueBooks, board: ConditionBoard, logger: Logger) {
    this.#config = config
    this.#books = books
    this.#board = board
    this.#logger = logger
    this.#pendingLimit = Math.min(maxPendingBytes, Math.max(256 * 1024, config.max_size / 16))
  }

  /** Whether a batch of this size may be appended now, has to wait, or is to be dropped, while `pending` bytes are being stored. */
  roomFor(batchBytes: number, pending: number): 'take' | 'wait' | 'drop' {
    if (this.#config.when_full === 'drop_newest' && this.#books.bytes >= this.#config.max_size) return 'drop'
    if (pending > 0 && pending + batchBytes > this.#pendingLimit) return 'wait'
    return this.#fits(pending) ? 'take' : 'wait'
  }

  /** Whether a batch of any size would be taken. */
  hasRoom(pending: number): boolean {
    return this.#board.condition === 'open' && pending <= this.#pendingLimit / 2 && this.#fits(pending)
  }

  #fits(pending: number): boolean {
    const { max_size, when_full } = this.#config
    if (when_full === 'drop_newest') return true
    if (when_full === 'block') return !this.#board.has('full') && this.#books.bytes + pending < max_size
    // drop_oldest: a little more than the limit is taken while room is being made.
    return this.#books.bytes + pending < max_size + this.#pendingLimit
  }

  /** The newest go: said once for each time that the queue is full. */
  droppingNewest(): void {
    if (!this.#dropping) this.#logger.error({}, 'the queue is full: what arrives is dropped and counted')
    this.#dropping = true
  }

  /** To be called whenever something was stored or passed. */
  weigh(): void {
    const { max_size, when_full } = this.#config
    const { bytes } = this.#books
    if (when_full === 'block') {
      if (bytes >= max_size) this.#board.set('full', true, `${bytes} of ${max_size} bytes wait for the slowest sink`)
      else if (bytes <= max_size * reopenAt) this.#board.set('full', false)
    }
    if (this.#dropping && bytes <= max_size * reopenAt) {
      this.#dropping = false
      const dropped = this.#books.intake.live.dropped.queue_full
      this.#logger.info({ dropped }, 'the queue has room again: nothing is dropped any more')
    }
    this.#board.changed.notify()
  }
}
