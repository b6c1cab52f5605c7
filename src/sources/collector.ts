import { setImmediate as turn } from 'node:timers/promises'
import { BatchWriter } from '../batch/batch-writer.ts'
import { countByTransport } from '../batch/messages.ts'
import type { Batch, Transport } from '../core/batch.ts'
import { RelayError } from '../core/errors.ts'
import type { Intake } from '../core/intake.ts'
import type { Logger } from '../core/logger.ts'
import { LogLimit } from './log-limit.ts'

/** A batch is handed over when it holds so much, whatever is under way. */
export const batchBytes = 512 * 1024
const maxInFlight = 4

export interface CollectorOptions {
  readonly intake: Intake
  readonly logger: Logger
  /** Called when `pressed` becomes false again. */
  readonly onRelief: () => void
}

/**
 * Where all of a source's messages meet: one batch under construction and the decision when it is handed to the queue.
 * Alone, a chunk is handed over at the end of the event loop's turn; while a batch is being stored the next one grows, so
 * batches are as large as the load makes them. Holds at most `batchBytes` plus what its callers write while `pressed`.
 */
export class Collector {
  readonly writer = new BatchWriter()
  readonly #intake: Intake
  readonly #logger: Logger
  readonly #onRelief: () => void
  readonly #ending = new AbortController()
  readonly #errors = new LogLimit()
  /** Refused with `full`: kept, and tried again when the queue has room. */
  #refused: Batch | undefined
  #inFlight = 0
  #stopping = false
  #scheduled = false
  #pressed = false
  #onProgress: (() => void) | undefined

  constructor({ intake, logger, onRelief }: CollectorOptions) {
    this.#intake = intake
    this.#logger = logger
    this.#onRelief = onRelief
  }

  /** More than the queue takes at the moment: whoever can hold its sender back should stop reading until `onRelief`. */
  get pressed(): boolean {
    return this.#pressed
  }

  /** Bytes held that no queue has. */
  get heldBytes(): number {
    return this.writer.size + (this.#refused?.bytes.length ?? 0)
  }

  /** To be called after each chunk that was written. */
  wrote(): void {
    if (this.writer.size >= batchBytes) this.#advance()
    else if (this.#inFlight === 0 && !this.#scheduled && this.#refused === undefined && this.writer.messages > 0) {
      this.#scheduled = true
      setImmediate(() => {
        this.#scheduled = false
        this.#advance()
      })
    }
  }

  /**
   * Hands over what is held, even to a full queue, and waits until it is stored. What the queue did not take when `deadline`
   * aborts (its disk is full, or fails) is counted as dropped (`stopping`).
   */
  async stop(deadline: AbortSignal): Promise<void> {
    const end = () => this.#ending.abort()
    deadline.addEventListener('abort', end, { once: true })
    this.#stopping = true
    const refused = this.#refused
    this.#refused = undefined
    if (refused !== undefined) this.#append(refused)
    this.#advance()
    while (!deadline.aborted && (this.#inFlight > 0 || this.#refused !== undefined)) {
      await new Promise<void>((resolve) => {
        this.#onProgress = resolve
        this.#ending.signal.addEventListener('abort', () => resolve(), { once: true })
      })
      this.#advance()
    }
    deadline.removeEventListener('abort', end)
    this.#ending.abort()
    this.#drop(this.#refused)
    this.#drop(this.writer.take())
    this.#refused = undefined
  }

  #advance(): void {
    if (this.#refused === undefined && this.#inFlight < maxInFlight) {
      const batch = this.writer.take()
      if (batch !== undefined) this.#append(batch)
    }
    this.#measure()
  }

  #append(batch: Batch): void {
    if (this.#ending.signal.aborted) {
      this.#drop(batch)
      return
    }
    let receipt: ReturnType<Intake['append']>
    try {
      receipt = this.#intake.append(batch, { last: this.#stopping })
    } catch (error) {
      // A queue that is closed or broken beyond waiting. The source lives on: its messages are counted, the pipeline knows why.
      const { code } = RelayError.from(error)
      if (this.#errors.admit(code) !== undefined) this.#logger.error({ code, err: error }, 'the queue refused messages, which are counted')
      this.#drop(batch)
      return
    }
    if (receipt === 'full') {
      this.#refused = batch
      void this.#awaitRoom()
      return
    }
    this.#inFlight++
    const settled = () => {
      this.#inFlight--
      this.#advance()
      this.#onProgress?.()
    }
    receipt.stored.then(settled, settled)
  }

  async #awaitRoom(): Promise<void> {
    const { signal } = this.#ending
    try {
      await this.#intake.room(signal)
    } catch (error) {
      if (!signal.aborted && this.#errors.admit('room') !== undefined) {
        this.#logger.error({ err: error }, 'waiting for room in the queue failed, trying again')
      }
    }
    // A turn of the event loop between two tries, so that a queue which has room only in principle cannot starve the sockets.
    await turn()
    const batch = this.#refused
    if (batch === undefined || signal.aborted) return
    this.#refused = undefined
    this.#append(batch)
    this.#advance()
    this.#onProgress?.()
  }

  #measure(): void {
    const pressed = this.#refused !== undefined || (this.writer.size >= batchBytes && this.#inFlight >= maxInFlight)
    if (pressed === this.#pressed) return
    this.#pressed = pressed
    if (!pressed) this.#onRelief()
  }

  #drop(batch: Batch | undefined): void {
    if (batch === undefined) return
    for (const [transport, messages] of Object.entries(countByTransport(batch))) {
      this.#intake.drop('stopping', transport as Transport, messages)
    }
  }
}
