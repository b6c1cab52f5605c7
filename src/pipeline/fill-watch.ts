import type { Component } from '../core/component.ts'
import type { Logger } from '../core/logger.ts'
import type { Queue } from '../core/queue.ts'

const lookEveryMs = 2000

/** Says in the log each time the queue has passed another tenth of its limit, and once when it is back below the first. */
export class FillWatch implements Component {
  readonly #queue: Queue
  readonly #logger: Logger
  #timer: NodeJS.Timeout | undefined
  #tenths = 0

  constructor(queue: Queue, logger: Logger) {
    this.#queue = queue
    this.#logger = logger
  }

  async start(): Promise<void> {
    this.#timer = setInterval(() => this.look(), lookEveryMs).unref()
    this.look()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
  }

  /** Compares the queue's fill with what was said last; the timer's work, callable by itself. */
  look(): void {
    const { bytes, maxBytes, messages } = this.#queue.status()
    const tenths = Math.min(10, Math.floor((bytes / maxBytes) * 10))
    if (tenths > this.#tenths) {
      this.#logger.warn(
        { queuedMessages: messages, queuedBytes: bytes, maxBytes },
        `the queue is ${tenths * 10} % full: ${messages} messages wait on disk`,
      )
      this.#tenths = tenths
    } else if (tenths === 0 && this.#tenths > 0) {
      this.#logger.info({ queuedMessages: messages, queuedBytes: bytes, maxBytes }, 'the queue is below 10 % again')
      this.#tenths = 0
    }
  }
}
