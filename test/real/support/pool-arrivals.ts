import { type PoolMessage, readPoolMessage } from './pool-message.ts'

/** What arrived of one sender's messages. */
export class SenderArrivals {
  readonly #numbers = new Set<number>()
  readonly #overLane: readonly Set<number>[]
  /** The client's addresses that the relays named, with how many messages. */
  readonly origins = new Map<string, number>()
  duplicates = 0

  constructor(lanes: number) {
    this.#overLane = Array.from({ length: lanes }, () => new Set())
  }

  /** Different messages. */
  get distinct(): number {
    return this.#numbers.size
  }

  take({ number, origin }: PoolMessage, lane: number): void {
    if (this.#numbers.has(number)) this.duplicates++
    this.#numbers.add(number)
    this.#overLane[lane]?.add(number)
    this.origins.set(origin, (this.origins.get(origin) ?? 0) + 1)
  }

  has(number: number): boolean {
    return this.#numbers.has(number)
  }

  hasOver(lane: number, number: number): boolean {
    return this.#overLane[lane]?.has(number) === true
  }

  /** Different messages that arrived over a lane. */
  distinctOver(lane: number): number {
    return this.#overLane[lane]?.size ?? 0
  }
}

/** The upstream's books: which messages of which sender arrived, over which lane, how often. */
export class PoolArrivals {
  readonly #lanes: number
  readonly #senders = new Map<string, SenderArrivals>()
  /** Messages that nobody sent like this, such as the first half of one. */
  readonly strange: string[] = []
  total = 0

  constructor(lanes: number) {
    this.#lanes = lanes
  }

  take(message: Buffer, lane: number): void {
    this.total++
    const read = readPoolMessage(message)
    if (read === undefined) this.strange.push(message.toString('latin1', 0, 300))
    else this.of(read.sender).take(read, lane)
  }

  of(sender: string): SenderArrivals {
    let arrivals = this.#senders.get(sender)
    if (arrivals === undefined) {
      arrivals = new SenderArrivals(this.#lanes)
      this.#senders.set(sender, arrivals)
    }
    return arrivals
  }
}
