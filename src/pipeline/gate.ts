import type { Component } from '../core/component.ts'
import { RelayError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { Queue, QueueCondition } from '../core/queue.ts'
import type { Source } from '../core/source.ts'

/**
 * Opens and closes a pipeline's ports, or pauses a source that fetches, with its queue's condition, so that the port is the health check (law 5).
 * Changes are carried out one after the other, and only the latest counts.
 */
export class Gate implements Component {
  readonly #queue: Queue
  readonly #source: Source
  readonly #logger: Logger
  #unsubscribe: (() => void) | undefined
  #open = true
  #wanted = true
  #leaving = false
  #work: Promise<void> = Promise.resolve()

  constructor(queue: Queue, source: Source, logger: Logger) {
    this.#queue = queue
    this.#source = source
    this.#logger = logger
  }

  async start(): Promise<void> {
    this.#unsubscribe = this.#queue.onCondition((condition) => this.#follow(condition))
    this.#follow(this.#queue.status().condition)
    await this.#work
  }

  /** The source's ports are closed for good; what it still reads goes on following the queue. */
  leave(): void {
    this.#leaving = true
  }

  async stop(): Promise<void> {
    this.#unsubscribe?.()
    this.#unsubscribe = undefined
    await this.#work
  }

  #follow(condition: QueueCondition): void {
    this.#wanted = condition === 'open'
    this.#work = this.#work.then(() => this.#turn(condition))
  }

  async #turn(condition: QueueCondition): Promise<void> {
    if (this.#open === this.#wanted) return
    this.#open = this.#wanted
    try {
      if (this.#open) {
        await this.#source.unblock()
        this.#logger.info({}, this.#openedWords)
      } else {
        await this.#source.block()
        const { detail } = this.#queue.status()
        const why = detail === undefined ? words[condition] : `${words[condition]} (${detail})`
        const effect = this.#fetches ? 'nothing is read until there is room' : 'TCP ports are closed, UDP losses are counted'
        this.#logger.error({ condition }, `not taking messages: ${why}; ${effect}`)
      }
    } catch (error) {
      // The source goes on trying by itself; here only its word is passed on.
      const { code, message } = RelayError.from(error)
      this.#logger.error({ code }, `the source could not be ${this.#open ? 'opened' : 'closed'}: ${message}`)
    }
  }

  get #openedWords(): string {
    if (this.#fetches) return 'taking messages again: reading goes on'
    return this.#leaving ? 'there is room again for what senders have sent' : 'taking messages again: the ports are open'
  }

  /** The source has no ports. */
  get #fetches(): boolean {
    return this.#source.stats().polling !== undefined
  }
}

const words: Record<QueueCondition, string> = {
  open: 'the queue is open',
  full: 'the queue has reached its limit (queue.max_size)',
  disk_full: 'the disk is full',
  failed: 'the queue on disk fails and is being reopened',
  closed: 'the queue is closed',
}
