import { countSeqs } from '../batch/ranges.ts'
import type { StoredBatch } from '../core/batch.ts'
import type { Component } from '../core/component.ts'
import { RelayError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { Lease, QueueReader } from '../core/queue.ts'
import type { Outcome, Sink } from '../core/sink.ts'
import type { SinkStatus } from '../core/status.ts'
import { type Backoff, wait } from '../retry/backoff.ts'
import { untilAbort } from '../retry/until-abort.ts'
import { DeliveryHealth } from './delivery-health.ts'

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
  /** Messages that this sink has not settled. */
  readonly queued: () => number
  /** Carries `pipeline` and `sink`. */
  readonly logger: Logger
}

/**
 * Moves one sink's messages from the queue to the sink: lease, send, settle, release. While one batch is sent the next
 * is leased and the one before it settled, so at most three are held. When the sink asks for a retry all are given back:
 * the queue hands them out again in order, and nothing is leased while an upstream is down.
 */
export class Forwarder implements Component {
  readonly #options: ForwarderOptions
  readonly #health: DeliveryHealth
  /** No lease is waited for any more. */
  readonly #stop = new AbortController()
  /** The send in flight is given up. */
  readonly #abort = new AbortController()
  #running: Promise<void> | undefined
  #next: Promise<Lease | undefined> | undefined
  #leasing = new AbortController()
  #settling: Promise<void> = Promise.resolve()
  #sending = false

  constructor(options: ForwarderOptions) {
    this.#options = options
    this.#health = new DeliveryHealth(options)
  }

  async start(): Promise<void> {
    this.#running ??= this.#run()
  }

  /** Lets the send in flight finish until the deadline; what is not delivered by then stays queued. */
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
   * Goes on forwarding until every message is settled, the sink fails, or the deadline aborts. Call it when nothing more
   * comes into the queue, and `stop` after it. Resolves at once when the forwarder does not run.
   */
  async drain(deadline: AbortSignal): Promise<void> {
    if (this.#running === undefined) return
    const ended = this.#running.then(() => true)
    while (!deadline.aborted && !this.#health.failing && this.#options.queued() > 0) {
      if (await Promise.race([ended, wait(emptyCheckMs, deadline).then(() => false)])) return
    }
  }

  status(): SinkStatus {
    const { sink, sinkType } = this.#options
    const stopped = this.#running === undefined || this.#stop.signal.aborted
    const state = stopped ? 'stopped' : this.#health.retryAtMs !== undefined ? 'backing_off' : this.#sending ? 'sending' : 'idle'
    return { type: sinkType, state, ...this.#health.status(), endpoints: sink.endpoints() }
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        const lease = await (this.#next ?? this.#lease())
        this.#next = undefined
        if (lease !== undefined) await this.#forward(lease)
      } catch (error) {
        // The queue answered a lease with an error: its own health tells why, we only must not spin.
        await this.#giveBack()
        if (!this.#stop.signal.aborted) await this.#backOff(RelayError.from(error, 'QUEUE_FAILED', 'cannot read the queue'))
      }
    }
    await this.#giveBack()
    await this.#settled(this.#settling)
  }

  /** A queue whose store fails settles when it works again: a stop does not wait for that beyond its deadline. */
  async #settled(settling: Promise<void>): Promise<void> {
    await untilAbort(settling, this.#abort.signal)
  }

  #lease(): Promise<Lease | undefined> {
    this.#leasing = new AbortController()
    if (this.#stop.signal.aborted) this.#leasing.abort()
    const lease = this.#options.reader.lease(this.#options.maxBatchBytes, this.#leasing.signal)
    lease.catch(() => {}) // Whoever awaits it handles the error; it may come before.
    return lease
  }

  async #forward(lease: Lease): Promise<void> {
    if (this.#stop.signal.aborted) return lease.release()
    this.#next = this.#lease()
    this.#sending = true
    const outcome = checked(lease.batch, await this.#send(lease.batch))
    this.#sending = false
    this.#health.answered(outcome)
    const before = this.#settling
    this.#settling = settle(lease, outcome).finally(() => lease.release())
    this.#settling.catch(() => {}) // Awaited below or next time.
    await this.#settled(before)
    // A batch of which all was refused was answered as well.
    if (outcome.delivered.length > 0 || outcome.retry === undefined) this.#options.backoff.reset()
    if (outcome.retry === undefined) return this.#health.well()
    await this.#settled(this.#settling)
    await this.#giveBack()
    if (!this.#abort.signal.aborted) await this.#backOff(outcome.retry.error, outcome.retry.afterMs)
  }

  async #send(batch: StoredBatch): Promise<Outcome> {
    try {
      return await this.#options.sink.send(batch, this.#abort.signal)
    } catch (error) {
      return { delivered: [], rejected: [], retry: { error: RelayError.from(error) } }
    }
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

async function settle(lease: Lease, { delivered, rejected }: Outcome): Promise<void> {
  if (delivered.length + rejected.length > 0) await lease.settle(delivered, rejected)
}

/** A sink that forgets messages without asking for a retry would be asked again and again without a pause. */
function checked(batch: StoredBatch, outcome: Outcome): Outcome {
  const named = countSeqs(outcome.delivered) + countSeqs(outcome.rejected.map(({ seqs }) => seqs))
  if (outcome.retry !== undefined || named === batch.ends.length) return outcome
  const error = new RelayError('INTERNAL', `the sink answered for ${named} of ${batch.ends.length} messages`)
  return { ...outcome, retry: { error } }
}
