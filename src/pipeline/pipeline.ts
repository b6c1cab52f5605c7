import type { Component } from '../core/component.ts'
import type { Logger } from '../core/logger.ts'
import type { Queue } from '../core/queue.ts'
import type { Sink } from '../core/sink.ts'
import type { Source } from '../core/source.ts'
import type { PipelineStatus } from '../core/status.ts'
import { untilAbort } from '../retry/until-abort.ts'
import { FillWatch } from './fill-watch.ts'
import { Gate } from './gate.ts'
import { type LetterDelivery, LetterDesk } from './letter-desk.ts'
import { reasonsOf } from './reasons.ts'

/** How often a full pipeline that leaves looks whether its sinks still work. */
const hopeEveryMs = 100

/** The way from the queue to one sink. */
export interface Delivery extends Component, LetterDelivery {
  /** Goes on until the queue has nothing more for this sink, the sink fails, or the deadline aborts. */
  drain(deadline: AbortSignal): Promise<void>
}

export interface PipelineParts {
  readonly name: string
  readonly device: string
  /** Started before and stopped after everything else: what the source leans on, such as its certificates. */
  readonly foundations: readonly Component[]
  readonly source: Source
  readonly queue: Queue
  /** By sink name; the sink is started before its delivery and stopped after it. */
  readonly deliveries: ReadonlyMap<string, { readonly sink: Sink; readonly delivery: Delivery }>
  readonly logger: Logger
}

export interface PipelineStopOptions {
  /** What is queued is delivered as far as the deadline allows. */
  readonly drain?: boolean
  /** So long may senders take to leave: not until the deadline, for what was read from them has to be stored yet. Default: the deadline. */
  readonly leaving?: AbortSignal
}

/** One source, one queue, one or more sinks; shares nothing with other pipelines. */
export class Pipeline implements Component {
  readonly name: string
  /** For whoever looks at its dead letters. */
  readonly letters: LetterDesk
  readonly #parts: PipelineParts
  readonly #gate: Gate
  readonly #fillWatch: FillWatch
  /** What was started, in order; stop goes through it backwards. */
  #started: Component[] = []
  #taking = false

  constructor(parts: PipelineParts) {
    this.name = parts.name
    this.#parts = parts
    this.#gate = new Gate(parts.queue, parts.source, parts.logger)
    this.#fillWatch = new FillWatch(parts.queue, parts.logger)
    const { queue, source, deliveries, logger } = parts
    const condition = () => queue.status().condition
    this.letters = new LetterDesk({ letters: queue.deadLetters, condition, source, deliveries, logger })
  }

  /**
   * Sinks, then the queue, then the source, whose port is closed from the first moment where the gate says so. When one part
   * cannot start, those before it are stopped again.
   */
  async start(): Promise<void> {
    const { foundations, deliveries, queue, source } = this.#parts
    const sinks = [...deliveries.values()]
    const order = [
      ...foundations,
      ...sinks.map(({ sink }) => sink),
      queue,
      ...sinks.map(({ delivery }) => delivery),
      this.#fillWatch,
      this.#gate,
      source,
    ]
    try {
      for (const part of order) {
        await part.start()
        this.#started.push(part)
      }
      this.#taking = true
      queue.adopt()
    } catch (error) {
      await this.stop(AbortSignal.abort())
      throw error
    }
  }

  /**
   * Takes nothing new but what UDP senders still send: the first half of a stop. What is queued goes on being delivered, and what
   * senders have sent is read as it makes room. That ends early when a sink fails and no room is to be expected. UDP is read at
   * least until `stragglers` aborts or nothing comes any more.
   */
  async leave(deadline: AbortSignal, stragglers: AbortSignal): Promise<void> {
    const { queue, source } = this.#parts
    if (!this.#started.includes(source)) return
    this.#taking = false
    this.#gate.leave()
    const hopeless = new AbortController()
    const look = setInterval(() => {
      if (queue.status().condition !== 'open' && this.#failing()) hopeless.abort()
    }, hopeEveryMs)
    try {
      await source.leave(AbortSignal.any([deadline, hopeless.signal]), stragglers)
    } finally {
      clearInterval(look)
    }
  }

  /** The source first, then the sinks; what is not delivered stays on disk. */
  async stop(deadline: AbortSignal, { drain = true, leaving = deadline }: PipelineStopOptions = {}): Promise<void> {
    await this.leave(leaving, AbortSignal.abort())
    this.#taking = false
    const parts = this.#started.reverse()
    this.#started = []
    const { source } = this.#parts
    // The gate first: it must not open again what the source has closed.
    const intake: Component[] = [this.#gate, source].filter((part) => parts.includes(part))
    for (const part of intake) await part.stop(deadline)
    await untilAbort(this.letters.stop(), deadline)
    if (drain && parts.length > 0) await Promise.all([...this.#parts.deliveries.values()].map(({ delivery }) => delivery.drain(deadline)))
    for (const part of parts) if (!intake.includes(part)) await part.stop(deadline)
  }

  #failing(): boolean {
    return [...this.#parts.deliveries.values()].some(({ delivery }) => delivery.status().state === 'backing_off')
  }

  /** Waiting messages from `fromSeq` on, for people to look at. */
  browse(fromSeq: number, signal: AbortSignal): ReturnType<Queue['browse']> {
    return this.#parts.queue.browse(fromSeq, signal)
  }

  status(): PipelineStatus {
    const { device, source, queue, deliveries } = this.#parts
    const sinks = Object.fromEntries([...deliveries].map(([name, { delivery }]) => [name, delivery.status()]))
    const queueStatus = queue.status()
    const sourceStats = source.stats()
    const ready = this.#taking && queueStatus.condition === 'open'
    return {
      device,
      ready,
      reasons: reasonsOf({ taking: this.#taking, source: sourceStats, queue: queueStatus, sinks }),
      source: sourceStats,
      queue: queueStatus,
      ledger: queue.ledger(),
      sinks,
    }
  }
}
