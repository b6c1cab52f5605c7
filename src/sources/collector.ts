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
/** Enough that compression goes on while an fsync waits; each is about half a mebibyte. */
export const maxInFlight = 16
/** While pressed a stream's chunk is still taken until so much is held: what then comes stays with its connection. */
/** Messages of a batch: tiny ones cost far more than their bytes. */
export const batchMessages = 32_768
const saturatedBytes = 1.25 * batchBytes
/** Under load messages wait so long for company: an fsync, a compression and a send for each handful cost far more than the messages. */
const gatherMs = 5

/** Of memory: its offsets and its run; its object, and its text where the batch is stored. */
const messageCost = 32
const originCost = 256

/** A batch on its way to the queue, and who waits until it is durable. */
interface Handover {
  readonly batch: Batch
  readonly awaiting: readonly (() => void)[]
}

export interface CollectorOptions {
  readonly intake: Intake
  readonly logger: Logger
  /** Called when `pressed` becomes false again. */
  readonly onRelief: () => void
}

/**
 * Where all of a source's messages meet: one batch under construction and the decision when it is handed to the queue.
 * After a pause a chunk is handed over at the end of the event loop's turn. While a batch is being stored, and for 5 ms after
 * it was handed over, the next one grows: batches are as large as the load makes them. Holds at most `batchBytes` or `batchMessages` plus what its callers write while `pressed`.
 */
export class Collector {
  readonly writer = new BatchWriter()
  readonly #intake: Intake
  readonly #logger: Logger
  readonly #onRelief: () => void
  readonly #ending = new AbortController()
  readonly #errors = new LogLimit()
  /** Refused with `full`: kept, and tried again when the queue has room. */
  #refused: Handover | undefined
  /** To be called when the batch under construction is durable. */
  #awaiting: (() => void)[] = []
  #inFlight = 0
  #stopping = false
  #scheduled: { cancel(): void } | undefined
  #handedOverAtMs = Number.NEGATIVE_INFINITY
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

  /** Pressed, and not even what was read already should be written now, unless nobody could hold it back. */
  get saturated(): boolean {
    return this.#pressed && this.heldBytes >= saturatedBytes
  }

  /** Bytes held that no queue has. */
  get heldBytes(): number {
    return this.writer.size + (this.#refused?.batch.bytes.length ?? 0)
  }

  /** The same with what messages and senders cost beside their bytes: there is more of that where datagrams are tiny. */
  get heldCost(): number {
    return this.heldBytes + messageCost * this.writer.messages + originCost * this.writer.origins
  }

  /**
   * Calls `done` when what was written into the batch under construction by now is fsynced, whatever the queue's durability
   * setting. Never, when that batch is given up: whoever is owed an answer gets none.
   */
  whenDurable(done: () => void): void {
    // Nothing was written: there is nothing to wait for.
    if (this.writer.messages === 0) done()
    else this.#awaiting.push(done)
  }

  /** To be called after each chunk that was written. */
  wrote(): void {
    if (this.#full) this.#advance()
    else if (this.#inFlight === 0) this.#schedule()
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
    this.#giveUp()
  }

  #giveUp(): void {
    this.#drop(this.#refused?.batch)
    this.#drop(this.writer.take())
    this.#refused = undefined
    this.#awaiting = []
  }

  get #full(): boolean {
    return this.writer.size >= batchBytes || this.writer.messages >= batchMessages
  }

  /** Hands over what is held as soon as the time has come. */
  #schedule(): void {
    if (this.#scheduled !== undefined || this.#refused !== undefined || this.writer.messages === 0) return
    const due = () => {
      this.#scheduled = undefined
      this.#advance()
    }
    const waitMs = Math.ceil(this.#handedOverAtMs + gatherMs - performance.now())
    if (waitMs > 0) {
      const timer = setTimeout(due, waitMs)
      this.#scheduled = { cancel: () => clearTimeout(timer) }
    } else {
      const immediate = setImmediate(due)
      this.#scheduled = { cancel: () => clearImmediate(immediate) }
    }
  }

  #advance(): void {
    this.#scheduled?.cancel()
    this.#scheduled = undefined
    if (this.#refused === undefined && this.#inFlight < maxInFlight) {
      const batch = this.writer.take()
      if (batch !== undefined) this.#append({ batch, awaiting: this.#takeAwaiting() })
    }
    this.#measure()
  }

  #takeAwaiting(): readonly (() => void)[] {
    const awaiting = this.#awaiting
    if (awaiting.length > 0) this.#awaiting = []
    return awaiting
  }

  #append(handover: Handover): void {
    const { batch, awaiting } = handover
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
      this.#refused = handover
      void this.#awaitRoom()
      return
    }
    this.#inFlight++
    this.#handedOverAtMs = performance.now()
    const settled = () => {
      this.#inFlight--
      this.#onStored()
      this.#onProgress?.()
    }
    receipt.stored.then(settled, settled)
    if (awaiting.length > 0) void receipt.durable().then(() => callAll(awaiting))
  }

  #onStored(): void {
    if (this.#full || this.#stopping) this.#advance()
    else if (this.#inFlight === 0) this.#schedule()
    this.#measure()
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
    const handover = this.#refused
    if (handover === undefined || signal.aborted) return
    this.#refused = undefined
    this.#append(handover)
    this.#advance()
    this.#onProgress?.()
  }

  #measure(): void {
    const pressed = this.#refused !== undefined || (this.#full && this.#inFlight >= maxInFlight)
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

function callAll(callbacks: readonly (() => void)[]): void {
  for (const callback of callbacks) callback()
}
