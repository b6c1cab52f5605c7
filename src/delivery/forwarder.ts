import { setImmediate as turn } from 'node:timers/promises'
import type { Seq, StoredBatch } from '../core/batch.ts'
import type { Component } from '../core/component.ts'
import type { DeadLetters, LetterSelection, ReplayProgress } from '../core/dead-letter.ts'
import { RelayError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { Lease, QueueReader } from '../core/queue.ts'
import type { Outcome, Sink } from '../core/sink.ts'
import type { SinkStatus } from '../core/status.ts'
import { type Backoff, wait } from '../retry/backoff.ts'
import { untilAbort } from '../retry/until-abort.ts'
import { checked } from './checked-outcome.ts'
import { DeliveryHealth } from './delivery-health.ts'
import { Lanes } from './lanes.ts'
import { OpenLeases, type Retry } from './open-leases.ts'
import { replay } from './replay.ts'
import { SinkTurns } from './sink-turns.ts'

/** While draining: how often to look whether the queue is empty when nothing more can be leased. */
const emptyCheckMs = 50

export interface ForwarderOptions {
  readonly pipelineName: string
  readonly sinkName: string
  /** As in the configuration: `syslog`, `file`. */
  readonly sinkType: string
  readonly reader: QueueReader
  /** Not started or stopped here: it lives longer than its forwarder. */
  readonly sink: Sink
  readonly backoff: Backoff
  /** About how many bytes are leased at once. */
  readonly maxBatchBytes: number
  /** Sends at a time: more than 1 for a sink of several endpoints that does not keep the order. Default: 1. */
  readonly lanes?: number
  /** Messages that this sink has not settled. */
  readonly queued: () => number
  /** Carries `pipeline` and `sink`. */
  readonly logger: Logger
}

/**
 * Moves one sink's messages from the queue to the sink: lease, send, settle, release. Batches are leased in order. While one
 * is sent in each lane the next is leased and the one before settled, so at most 2 + lanes are held. What was sent and whose
 * fate is open stays leased beside that, without its bytes (`OpenLeases`). When the sink asks for a retry all but the open ones
 * and those in other lanes are given back: the queue hands them out again in order, before anything newer, and nothing is
 * leased while the upstream is down. Nobody waits for the other lanes: each asks for a retry of its own where it needs one.
 */
export class Forwarder implements Component {
  readonly #options: ForwarderOptions
  readonly #health: DeliveryHealth
  /** No lease is waited for any more. */
  readonly #stop = new AbortController()
  /** The sends in flight are given up. */
  readonly #abort = new AbortController()
  #running: Promise<void> | undefined
  #next: Promise<Lease | undefined> | undefined
  #leasing = new AbortController()
  /** Resolves when everything that was answered is settled. */
  #settling: Promise<unknown> = Promise.resolve()
  readonly #lanes: Lanes
  readonly #turns: SinkTurns
  /** Sends in flight. */
  #sending = 0
  readonly #open: OpenLeases
  /** Messages came back, and how to go on is not dealt with yet. */
  #lost: Retry | undefined

  constructor(options: ForwarderOptions) {
    this.#options = options
    this.#health = new DeliveryHealth(options)
    this.#lanes = new Lanes(options.lanes ?? 1)
    this.#turns = new SinkTurns(options.sink, this.#lanes.count)
    this.#open = new OpenLeases({
      onFate: (fate) => {
        this.#health.answered(fate)
        if (fate.delivered.length > 0) options.backoff.reset()
        if (fate.retry === undefined) this.#health.well()
      },
      onLost: (retry) => {
        this.#lost ??= retry
      },
    })
  }

  async start(): Promise<void> {
    this.#running ??= this.#run()
  }

  /** Lets the sends in flight finish and the open ones settle until the deadline; what is not delivered by then stays queued. */
  async stop(deadline: AbortSignal): Promise<void> {
    this.#stop.abort()
    this.#leasing.abort()
    const abort = () => this.#abort.abort()
    if (deadline.aborted) abort()
    deadline.addEventListener('abort', abort)
    await this.#running
    deadline.removeEventListener('abort', abort)
  }

  /**
   * Goes on forwarding until every message is settled, the sink fails and waits, or the deadline aborts. Call it when nothing more
   * comes into the queue, and `stop` after it. Resolves at once when the forwarder does not run.
   */
  async drain(deadline: AbortSignal): Promise<void> {
    if (this.#running === undefined) return
    const ended = this.#running.then(() => true)
    while (!deadline.aborted && !this.#health.waits && this.#options.queued() > 0) {
      if (this.#sending === 0 && this.#open.messages > 0 && this.#options.queued() <= this.#open.messages) {
        await Promise.race([ended, this.#options.sink.flush(deadline)])
      }
      if (await Promise.race([ended, wait(emptyCheckMs, deadline).then(() => false)])) return
    }
  }

  /** Sends dead letters of this sink again, up to number `through`, beside what is forwarded: see `replay`. */
  replay(letters: DeadLetters, selection: LetterSelection, through: Seq, signal: AbortSignal): AsyncIterable<ReplayProgress> {
    const { sinkName: sink, maxBatchBytes } = this.#options
    const send = (batch: StoredBatch) => this.#turns.sendAside(batch, signal)
    return replay({ letters, sink, send, maxBatchBytes }, { selection, through }, signal)
  }

  status(): SinkStatus {
    const { sink, sinkType } = this.#options
    const stopped = this.#running === undefined || this.#stop.signal.aborted
    const { messages: unsettled, resent } = this.#open
    const sending = this.#sending > 0 || unsettled > 0
    const state = stopped ? 'stopped' : this.#health.retryAtMs !== undefined ? 'backing_off' : sending ? 'sending' : 'idle'
    return { type: sinkType, state, unsettled, resent, ...this.#health.status(), endpoints: sink.endpoints() }
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        if (this.#lost !== undefined) await this.#recover(this.#lost)
        await this.#open.room(this.#stop.signal)
        const lease = await (this.#next ?? this.#lease())
        this.#next = undefined
        // What came back meanwhile is older, if this is not it.
        if (this.#lost !== undefined) lease?.release()
        else if (lease !== undefined) await this.#forward(lease)
      } catch (error) {
        // The queue answered a lease with an error: its own health tells why, we only must not spin.
        await this.#recover({ error: RelayError.from(error, 'QUEUE_FAILED', 'cannot read the queue') })
      }
    }
    await this.#finish()
  }

  async #finish(): Promise<void> {
    await this.#giveBack()
    await this.#lanes.empty()
    const { signal } = this.#abort
    if (this.#open.messages > 0) await untilAbort(this.#options.sink.flush(signal), signal)
    await this.#open.empty(signal)
    await this.#settled(this.#settling)
    this.#open.release()
  }

  /** A queue whose store fails settles when it works again: a stop does not wait for that beyond its deadline. */
  async #settled(settling: Promise<unknown>): Promise<void> {
    await untilAbort(settling, this.#abort.signal)
  }

  #lease(): Promise<Lease | undefined> {
    this.#leasing = new AbortController()
    if (this.#stop.signal.aborted) this.#leasing.abort()
    const lease = this.#options.reader.lease(this.#options.maxBatchBytes, this.#leasing.signal)
    lease.catch(() => {}) // Whoever awaits it handles the error; it may come before.
    return lease
  }

  /** Resolves when another may be forwarded. */
  #forward(lease: Lease): Promise<void> {
    if (this.#stop.signal.aborted) {
      lease.release()
      return Promise.resolve()
    }
    this.#next = this.#lease()
    return this.#lanes.run(this.#deliver(lease))
  }

  /** What happens in a lane. Never rejects. */
  async #deliver(lease: Lease): Promise<void> {
    this.#sending++
    const outcome = checked(lease.batch.ends.length, await this.#turns.send(lease.batch, this.#abort.signal))
    this.#sending--
    this.#health.answered(outcome)
    // From now on nothing newer is begun.
    this.#lost ??= outcome.retry
    const before = this.#settling
    const settling = this.#settle(lease, outcome)
    // With one lane all but the last are settled already.
    this.#settling = this.#lanes.count === 1 ? settling : Promise.all([before, settling])
    this.#settling.catch(() => {}) // Awaited below or next time.
    try {
      await this.#settled(before)
    } catch (error) {
      this.#lost ??= { error: RelayError.from(error, 'QUEUE_FAILED', 'cannot settle') }
    }
    // A batch of which all was refused was answered as well.
    if (outcome.delivered.length > 0 || (outcome.retry ?? outcome.unsettled) === undefined) this.#options.backoff.reset()
    // What is open says nothing yet: its fate does.
    if (outcome.retry === undefined && outcome.unsettled === undefined) this.#health.well()
  }

  async #settle(lease: Lease, { delivered, rejected, unsettled }: Outcome): Promise<void> {
    try {
      const settled = delivered.length + rejected.length > 0 ? lease.settle(delivered, rejected) : undefined
      if (unsettled !== undefined) {
        lease.forget()
        this.#open.add(lease, unsettled)
      }
      await settled
    } finally {
      if (unsettled === undefined) lease.release()
    }
  }

  /** Everything that is to be sent again goes back, so that it is leased in order, then waits. */
  async #recover({ error, afterMs }: Retry): Promise<void> {
    // The death of a connection is told for each batch that was open on it, all in one turn of the event loop.
    await turn()
    await this.#settled(Promise.all([this.#settling, this.#open.settled()]))
    await this.#giveBack()
    if (!this.#stop.signal.aborted) await this.#backOff(error, afterMs)
    this.#lost = undefined
  }

  async #backOff(error: RelayError, afterMs = this.#options.backoff.next()): Promise<void> {
    this.#health.failed(error, afterMs)
    await wait(afterMs, this.#stop.signal)
    this.#health.retryAtMs = undefined
  }

  /** The lease made ahead goes back as well, or its messages would overtake those that are to be sent again. */
  async #giveBack(): Promise<void> {
    const next = this.#next
    this.#next = undefined
    if (next === undefined) return
    this.#leasing.abort()
    const lease = await next.catch(() => undefined) // Not wanted any more: the next lease tells the error again.
    lease?.release()
  }
}
