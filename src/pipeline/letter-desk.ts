import { LetterGroups, selects } from '../batch/letter-groups.ts'
import type { Seq, SeqRange } from '../core/batch.ts'
import {
  type DeadLetter,
  type DeadLetters,
  type LetterSelection,
  type ReplayPlan,
  type ReplayProgress,
  type ReplayStep,
  type SortedLetters,
  sourceLetters,
} from '../core/dead-letter.ts'
import { RelayError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { QueueCondition } from '../core/queue.ts'
import type { Source } from '../core/source.ts'
import type { SinkStatus } from '../core/status.ts'
import { retrySource } from './retry-source.ts'

/** Letters deleted with one call. */
const maxDropped = 10_000
const everything: SeqRange = [0, Number.MAX_SAFE_INTEGER]

export interface LetterDeskParts {
  readonly letters: DeadLetters
  /** A closed queue shows none, which must not be taken for having none. */
  readonly condition: () => QueueCondition
  readonly source: Pick<Source, 'retry' | 'stats'>
  readonly deliveries: ReadonlyMap<string, { readonly delivery: LetterDelivery }>
  readonly logger: Logger
}

/** The way to a sink, for what is sent to it once more. */
export interface LetterDelivery {
  /** Sends dead letters again, up to number `through`, and tells how far it is; ends when a message is to be tried later, or the signal aborts. */
  replay(letters: DeadLetters, selection: LetterSelection, through: Seq, signal: AbortSignal): AsyncIterable<ReplayProgress>
  status(): SinkStatus
}

/** What people do with a pipeline's dead letters. */
export class LetterDesk {
  readonly #parts: LetterDeskParts
  readonly #stop = new AbortController()
  /** Replays under way, by sink, and what they are doing now. */
  readonly #replays = new Map<string, Promise<unknown>>()

  constructor(parts: LetterDeskParts) {
    this.#parts = parts
  }

  /** Ends the replays; resolves when what they sent is settled. None begins after it. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await Promise.allSettled(this.#replays.values())
  }

  /** Goes through all letters of each sink. Rejects with QUEUE_CLOSED, as all of these do, when the pipeline is stopped. */
  async *sorted(signal: AbortSignal): AsyncGenerator<SortedLetters> {
    this.#expectOpen()
    for (const held of this.#parts.letters.held()) {
      const groups = new LetterGroups()
      for await (const letter of this.#whole(this.#selected(held.sink, {}, 0, signal))) groups.add(letter)
      if (signal.aborted) return
      yield { ...held, ...(!this.#known(held.sink) && { gone: true }), groups: groups.list() }
    }
  }

  /** Those of a sink that the selection means, from a number on. Throws PIPELINE_UNKNOWN when there is no such sink. */
  read(sink: string, selection: LetterSelection, from: Seq, signal: AbortSignal): AsyncIterable<DeadLetter> {
    this.#expectSink(sink)
    return this.#whole(this.#selected(sink, selection, from, signal))
  }

  /**
   * Sends letters again; with `dryRun` only tells what it would send. Throws PIPELINE_UNKNOWN when there is no such sink, and
   * CONTROL_FAILED when the letters cannot be sent, or another replay is sending them.
   */
  replay(sink: string, selection: LetterSelection, { dryRun }: { dryRun: boolean }, signal: AbortSignal): AsyncIterable<ReplayStep> {
    this.#expectSink(sink)
    if (!this.#known(sink)) {
      const hint = `configure a sink ${sink} for this pipeline again, or delete them with \`logrelay deadletter drop\``
      throw new RelayError('CONTROL_FAILED', `sink ${sink} is not configured any more: its dead letters cannot be replayed`, { hint })
    }
    if (sink === sourceLetters && this.#parts.source.retry === undefined) {
      throw new RelayError('CONTROL_FAILED', 'the source of this pipeline cannot read again what it could not read')
    }
    if (!dryRun) this.#expectNone(sink)
    const either = AbortSignal.any([signal, this.#stop.signal])
    return dryRun ? this.#planned(sink, selection, either) : this.#replay(sink, selection, either)
  }

  /** Deletes letters; resolves with how many. Throws PIPELINE_UNKNOWN when there is no such sink, and QUEUE_CLOSED when a stop left some. */
  async drop(sink: string, selection: LetterSelection, signal: AbortSignal): Promise<number> {
    this.#expectSink(sink)
    const { letters, logger } = this.#parts
    const all = selection.group === undefined && selection.seq === undefined
    let messages = 0
    // Not by what can be read of them: damaged ones are to go as well.
    if (all) messages = await letters.settle(sink, [everything], 'deleted')
    else for await (const seqs of this.#numbers(sink, selection, signal)) messages += await letters.settle(sink, seqs, 'deleted')
    const text = `${messages} dead letters of ${sink} were deleted on request`
    logger.warn({ sink, messages }, text)
    if (this.#closed) throw new RelayError('QUEUE_CLOSED', `${text}; then the pipeline was stopped`, { hint: 'ask again when it runs' })
    return messages
  }

  async *#replay(sink: string, selection: LetterSelection, signal: AbortSignal): AsyncGenerator<ReplayStep> {
    this.#expectNone(sink)
    let last: ReplayProgress = { delivered: 0, refused: 0 }
    try {
      const { plan, through } = await this.#busy(sink, this.#plan(sink, selection, signal))
      yield { plan }
      const steps = this.#sending(sink, selection, through, signal)[Symbol.asyncIterator]()
      for (;;) {
        const { value, done } = await this.#busy(sink, steps.next())
        if (done) break
        last = value
        yield { progress: last }
      }
      if (signal.aborted && last.stopped === undefined) {
        last = { ...last, stopped: { code: 'QUEUE_CLOSED', message: 'the pipeline is being stopped, or whoever asked is gone' } }
        yield { progress: last }
      }
    } finally {
      this.#replays.delete(sink)
      this.#tell(sink, last)
    }
  }

  /** Whoever stops waits for it, and not for a reader that pauses. */
  #busy<T>(sink: string, work: Promise<T>): Promise<T> {
    this.#replays.set(sink, work)
    return work
  }

  #tell(sink: string, { delivered, refused, stopped }: ReplayProgress): void {
    const text = `replay of dead letters of ${sink}: ${delivered} delivered, ${refused} refused again`
    const fields = { sink, delivered, refused, ...(stopped && { code: stopped.code }) }
    this.#parts.logger.info(fields, stopped === undefined ? text : `${text}; stopped: ${stopped.message}`)
  }

  #sending(sink: string, selection: LetterSelection, through: Seq, signal: AbortSignal): AsyncIterable<ReplayProgress> {
    const { letters, source, deliveries } = this.#parts
    const delivery = deliveries.get(sink)?.delivery
    if (delivery !== undefined) return delivery.replay(letters, selection, through, signal)
    return retrySource(source, letters, { selection, through }, signal)
  }

  async *#planned(sink: string, selection: LetterSelection, signal: AbortSignal): AsyncGenerator<ReplayStep> {
    yield { plan: (await this.#plan(sink, selection, signal)).plan }
  }

  async #plan(sink: string, selection: LetterSelection, signal: AbortSignal): Promise<{ plan: ReplayPlan; through: Seq }> {
    const groups = new LetterGroups()
    let through = -1
    for await (const letter of this.#whole(this.#selected(sink, selection, 0, signal))) {
      groups.add(letter)
      through = letter.seq
    }
    return { plan: { messages: groups.messages, groups: groups.list(), ...this.#target(sink) }, through }
  }

  #target(sink: string): Pick<ReplayPlan, 'to' | 'failing'> {
    const { deliveries, source } = this.#parts
    const status = deliveries.get(sink)?.delivery.status()
    const { error, failingSinceMs: sinceMs } = status ?? source.stats().polling ?? {}
    return { to: status?.type ?? 'source', ...(error && { failing: { ...error, ...(sinceMs !== undefined && { sinceMs }) } }) }
  }

  /** Fails at the end when a stop has cut them short: what there is of them must not be taken for all. */
  async *#whole(letters: AsyncIterable<DeadLetter>): AsyncGenerator<DeadLetter> {
    yield* letters
    this.#expectOpen()
  }

  async *#selected(sink: string, selection: LetterSelection, from: Seq, signal: AbortSignal): AsyncGenerator<DeadLetter> {
    const { seq } = selection
    const either = AbortSignal.any([signal, this.#stop.signal])
    for await (const letter of this.#parts.letters.read(sink, Math.max(from, seq ?? 0), either)) {
      if (seq !== undefined && letter.seq > seq) return
      if (selects(selection, letter)) yield letter
    }
  }

  async *#numbers(sink: string, selection: LetterSelection, signal: AbortSignal): AsyncGenerator<SeqRange[]> {
    let seqs: SeqRange[] = []
    for await (const { seq } of this.#selected(sink, selection, 0, signal)) {
      if (seqs.push([seq, seq]) < maxDropped) continue
      yield seqs
      seqs = []
    }
    if (seqs.length > 0) yield seqs
  }

  get #closed(): boolean {
    return this.#parts.condition() === 'closed' || this.#stop.signal.aborted
  }

  #expectOpen(): void {
    if (!this.#closed) return
    const hint = 'its dead letters are kept; they can be seen when the relay has ended, or runs again'
    throw new RelayError('QUEUE_CLOSED', 'the pipeline is stopped, or being stopped', { hint })
  }

  #expectNone(sink: string): void {
    if (!this.#replays.has(sink)) return
    const hint = 'wait until it is done, or end it where it was started'
    throw new RelayError('CONTROL_FAILED', `a replay of the dead letters of ${sink} is under way`, { hint })
  }

  /** It has a sink, or is the source. */
  #known(sink: string): boolean {
    return sink === sourceLetters || this.#parts.deliveries.has(sink)
  }

  #expectSink(sink: string): void {
    this.#expectOpen()
    const held = this.#parts.letters.held().map((one) => one.sink)
    if (this.#known(sink) || held.includes(sink)) return
    const hint = held.length === 0 ? 'there are no dead letters' : `there are dead letters of ${held.join(', ')}`
    throw new RelayError('PIPELINE_UNKNOWN', `the pipeline has no sink ${JSON.stringify(sink)}`, { hint })
  }
}
